#include "lowbit/quant/methods/ul2q/ul2q.h"

#include "lowbit/quant/alignment.h"
#include "lowbit/quant/mid_rise.h"

namespace lowbit::quant::methods::ul2q {

Result<LevelScheme> ReadScheme(const Config& config) {
  ConfigReader reader(config, "quantize.ul2q");
  const int bits = static_cast<int>(reader.Int("bits", 4, 1, 8));
  const Scope scope = ReadScope(&reader, Scope::kLayer);
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  std::vector<double> positive;
  for (int value = 1; value < 1 << bits; value += 2) positive.push_back(value);
  ScaleRule rule;
  rule.statistic = ScaleRule::Statistic::kStd;
  rule.factor = Align(positive, Density::kNormal).scale;
  return LevelScheme{Levels(MidRise(bits), Levels::Ties::kAway), rule, scope};
}

Result<std::unique_ptr<Quantizer>> Create(const Config& options) {
  LOWBIT_TRY(LevelScheme scheme, ReadScheme(options));
  return std::unique_ptr<Quantizer>(std::make_unique<LevelQuantizer>(std::move(scheme)));
}

}  // namespace lowbit::quant::methods::ul2q
