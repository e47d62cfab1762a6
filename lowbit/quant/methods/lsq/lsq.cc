#include "lowbit/quant/methods/lsq/lsq.h"

#include <cmath>

namespace lowbit::quant::methods::lsq {

Result<LevelScheme> ReadScheme(const Config& config) {
  ConfigReader reader(config, "quantize.lsq");
  const int bits = static_cast<int>(reader.Int("bits", 4, 2, 8));
  const Scope scope = ReadScope(&reader, Scope::kLayer);
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  const int half = 1 << (bits - 1);
  ScaleRule rule;
  rule.statistic = ScaleRule::Statistic::kMeanAbs;
  rule.factor = 2 / std::sqrt(half - 1.0);
  rule.of_zeros = 1;
  return LevelScheme{Levels(ValueSet::Affine(bits, half), Levels::Ties::kRounder), rule, scope};
}

Result<std::unique_ptr<Quantizer>> Create(const Config& options) {
  LOWBIT_TRY(LevelScheme scheme, ReadScheme(options));
  return std::unique_ptr<Quantizer>(std::make_unique<LevelQuantizer>(std::move(scheme)));
}

}  // namespace lowbit::quant::methods::lsq
