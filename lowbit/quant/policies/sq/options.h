#ifndef LOWBIT_QUANT_POLICIES_SQ_OPTIONS_H_
#define LOWBIT_QUANT_POLICIES_SQ_OPTIONS_H_

#include <vector>

#include "lowbit/base/config.h"
#include "lowbit/base/result.h"
#include "lowbit/quant/schedule.h"

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
  // Ratio of each stage, a full training run each; empty if there is one run, with `ratio`.
  std::vector<double> stages = {0.5, 0.75, 0.875, 1};
  Schedule ratio{1.0};

  int64_t StageCount() const { return stages.empty() ? 1 : static_cast<int64_t>(stages.size()); }
  // The share to quantize at this progress (0..1) of a stage. REQUIRES: 0 <= stage < StageCount()
  double RatioAt(int64_t stage, double progress) const;
};

// Reads the table [quantize.sq]: `unit`, `prob`, `select`, `policy`, `rounding`, `eps`, and either `stages` (a list) or
// `ratio` (a table: ReadSchedule). `path` names the table in messages. Errors: as ConfigReader; both of the last two.
Result<SqOptions> ReadSqOptions(const Config& config, const std::string& path = "quantize.sq");

}  // namespace lowbit::quant::sq

#endif  // LOWBIT_QUANT_POLICIES_SQ_OPTIONS_H_
