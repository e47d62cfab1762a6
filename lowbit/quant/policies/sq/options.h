#ifndef LOWBIT_QUANT_POLICIES_SQ_OPTIONS_H_
#define LOWBIT_QUANT_POLICIES_SQ_OPTIONS_H_

#include <string>

#include "lowbit/base/config.h"
#include "lowbit/base/result.h"

namespace lowbit::quant::sq {

enum class Unit { kFilter, kElement };
enum class Probability { kConstant, kLinear, kSoftmax, kSigmoid };
enum class Selection { kQuantizeByInverseError, kKeepFloatByError };
enum class Policy { kStochastic, kSorted, kFixed };
enum class Rounding { kCeil, kRound, kFloor };

// The switches of spec.md.
struct SqOptions {
  Unit unit = Unit::kFilter;
  Probability prob = Probability::kLinear;
  Selection select = Selection::kQuantizeByInverseError;
  Policy policy = Policy::kStochastic;
  Rounding rounding = Rounding::kCeil;
  double eps = 1e-7;
};

// Reads the table [quantize.sq]: `unit`, `prob`, `select`, `policy`, `rounding`, `eps`. (How the quantized share
// rises is not a matter of the policy; the recipe says it.) `path` names the table in messages. Errors: as ConfigReader.
Result<SqOptions> ReadSqOptions(const Config& config, const std::string& path = "quantize.sq");

}  // namespace lowbit::quant::sq

#endif  // LOWBIT_QUANT_POLICIES_SQ_OPTIONS_H_
