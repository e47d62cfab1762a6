#include "lowbit/quant/policies/sq/options.h"

#include "lowbit/quant/choice.h"

namespace lowbit::quant::sq {

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
