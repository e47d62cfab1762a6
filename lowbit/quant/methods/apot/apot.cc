#include "lowbit/quant/methods/apot/apot.h"

#include <algorithm>

#include "lowbit/quant/alignment.h"

namespace lowbit::quant::methods::apot {
namespace {

// All sums of one number of each list, ascending.
std::vector<double> Sums(const std::vector<int>& a, const std::vector<int>& b) {
  std::vector<double> sums;
  for (const int x : a) {
    for (const int y : b) sums.push_back(x + y);
  }
  std::sort(sums.begin(), sums.end());
  return sums;
}

// In units of the smallest power of two that is not 0.
std::vector<double> Magnitudes(int bits) {
  if (bits == 3) return Sums({0, 1, 2, 4}, {0});
  if (bits == 4) return Sums({0, 1, 4, 8}, {0, 2});
  return Sums({0, 2, 8, 32}, {0, 1, 4, 16});
}

ValueSet Symmetric(const std::vector<double>& magnitudes) {
  std::vector<float> table(magnitudes.begin(), magnitudes.end());
  for (const double magnitude : magnitudes) {
    if (magnitude > 0) table.insert(table.begin(), static_cast<float>(-magnitude));
  }
  return ValueSet::Table(std::move(table));
}

}  // namespace

Result<LevelScheme> ReadScheme(const Config& config) {
  ConfigReader reader(config, "quantize.apot");
  const int bits = static_cast<int>(reader.Int("bits", 4, 3, 5));
  const Scope scope = ReadScope(&reader, Scope::kLayer);
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  const std::vector<double> magnitudes = Magnitudes(bits);
  ScaleRule rule;
  rule.statistic = ScaleRule::Statistic::kStd;
  rule.factor = Align(magnitudes, Density::kNormal).scale;
  rule.of_zeros = 1;
  return LevelScheme{Levels(Symmetric(magnitudes), Levels::Ties::kRounder), rule, scope};
}

Result<std::unique_ptr<Quantizer>> Create(const Config& options) {
  LOWBIT_TRY(LevelScheme scheme, ReadScheme(options));
  return std::unique_ptr<Quantizer>(std::make_unique<LevelQuantizer>(std::move(scheme)));
}

}  // namespace lowbit::quant::methods::apot
