#include "lowbit/quant/policies/sq/options.h"

#include <algorithm>
#include <vector>

namespace lowbit::quant::sq {
namespace {

// The position of the key's text in `names`, which are in the order of the enumeration.
template <typename Enum>
Enum ReadEnum(ConfigReader* reader, const std::string& key, Enum otherwise, const std::vector<std::string>& names) {
  const std::string name = reader->String(key, names[static_cast<size_t>(otherwise)], names);
  return static_cast<Enum>(std::find(names.begin(), names.end(), name) - names.begin());
}

}  // namespace

Result<SqOptions> ReadSqOptions(const Config& config, const std::string& path) {
  ConfigReader reader(config, path);
  SqOptions options;
  options.unit = ReadEnum(&reader, "unit", options.unit, {"filter", "element"});
  options.prob = ReadEnum(&reader, "prob", options.prob, {"constant", "linear", "softmax", "sigmoid"});
  options.select = ReadEnum(&reader, "select", options.select, {"quantize_by_inverse_error", "keep_float_by_error"});
  options.policy = ReadEnum(&reader, "policy", options.policy, {"stochastic", "sorted", "fixed"});
  options.rounding = ReadEnum(&reader, "rounding", options.rounding, {"ceil", "round", "floor"});
  options.eps = reader.Float("eps", options.eps, 1e-30, 1);
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  return options;
}

}  // namespace lowbit::quant::sq
