#include "lowbit/quant/methods/uniform/uniform.h"

namespace lowbit::quant::methods::uniform {
namespace {

using Statistic = ScaleRule::Statistic;

ValueSet Values(int bits) {
  if (bits == 1) return ValueSet::Binary();
  return bits == 2 ? ValueSet::Ternary() : ValueSet::Affine(bits, 1 << (bits - 1));
}

// Levels on a side of zero.
int Steps(int bits) { return bits == 1 ? 1 : (1 << (bits - 1)) - 1; }

ScaleRule MakeRule(const std::string& range, double percentile, int bits) {
  const double steps = Steps(bits);
  ScaleRule rule;
  rule.factor = 1 / steps;
  if (range == "percentile") {
    rule.statistic = Statistic::kQuantile;
    rule.share = percentile / 100;
  } else if (range == "mse") {
    // The mean magnitude is what the search would find for two values, which it does not know of.
    rule.statistic = bits == 1 ? Statistic::kMeanAbs : Statistic::kLeastSquares;
    rule.factor = 1;
    rule.low = -steps;
    rule.high = steps;
  }
  return rule;
}

}  // namespace

Result<LevelScheme> ReadScheme(const Config& config) {
  ConfigReader reader(config, "quantize.uniform");
  const int bits = static_cast<int>(reader.Int("bits", 4, 1, 8));
  const std::string range = reader.String("range", "max", {"max", "percentile", "mse"});
  const double percentile = reader.Float("percentile", 99.9, 0, 100);
  if (reader.Has("percentile") && range != "percentile") {
    reader.Reject("percentile", "left out: only 'range' of 'percentile' uses it");
  }
  if (percentile == 0) reader.Reject("percentile", "greater than 0");
  const Scope scope = ReadScope(&reader, Scope::kRow);
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  return LevelScheme{Levels(Values(bits), Levels::Ties::kRounder, static_cast<float>(Steps(bits))),
                     MakeRule(range, percentile, bits), scope};
}

Result<std::unique_ptr<Quantizer>> Create(const Config& options) {
  LOWBIT_TRY(LevelScheme scheme, ReadScheme(options));
  return std::unique_ptr<Quantizer>(std::make_unique<LevelQuantizer>(std::move(scheme)));
}

}  // namespace lowbit::quant::methods::uniform
