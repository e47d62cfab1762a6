#include "lowbit/quant/methods/inq/inq.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

namespace lowbit::quant::methods::inq {

Result<Options> ReadOptions(const Config& config) {
  ConfigReader reader(config, "quantize.inq");
  Options options;
  options.bits = static_cast<int>(reader.Int("bits", options.bits, 2, 8));
  options.portions = reader.Floats("portions", options.portions, 0, 1);
  const std::vector<double>& portions = options.portions;
  const bool rising = std::adjacent_find(portions.begin(), portions.end(), std::greater_equal<>()) == portions.end();
  if (portions.empty() || !rising || portions.back() != 1) {
    reader.Reject("portions", "a list of rising shares that ends with 1");
  }
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  return options;
}

LevelScheme MakeScheme(int bits) {
  std::vector<float> table = {0};
  for (int shift = 0; shift < 1 << (bits - 2); ++shift) {
    const auto power = static_cast<float>(std::ldexp(1.0, -shift));
    table.insert(table.begin() + shift, -power);
    table.insert(table.end() - shift, power);
  }
  ScaleRule rule;
  rule.statistic = ScaleRule::Statistic::kPowerOfTwo;
  ValueSet values = bits == 2 ? ValueSet::Ternary() : ValueSet::Table(std::move(table));
  return {Levels(std::move(values), Levels::Ties::kAway), rule, Scope::kLayer};
}

double PortionAt(const std::vector<double>& portions, double progress) {
  if (portions.size() == 1) return portions.front();
  const size_t parts = portions.size() - 1;
  // A step that begins a part may compute a progress just below it.
  const auto part = static_cast<size_t>(progress * static_cast<double>(parts) + 1e-9);
  return portions[std::min(part, parts - 1)];
}

void Partition(Span<const float> weights, double portion, Span<uint8_t> frozen) {
  const auto target = std::llround(portion * static_cast<double>(weights.size()));
  const auto already = std::accumulate(frozen.begin(), frozen.end(), int64_t{0});
  if (target <= already) return;
  std::vector<size_t> free;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (frozen[i] == 0) free.push_back(i);
  }
  const auto larger = [&](size_t a, size_t b) {
    const float x = std::fabs(weights[a]), y = std::fabs(weights[b]);
    return x != y ? x > y : a < b;
  };
  const auto end = free.begin() + (target - already);
  if (end != free.end()) std::nth_element(free.begin(), end, free.end(), larger);
  std::for_each(free.begin(), end, [&](size_t i) { frozen[i] = 1; });
}

Result<std::unique_ptr<Quantizer>> Create(const Config& options) {
  LOWBIT_TRY(const Options read, ReadOptions(options));
  return std::unique_ptr<Quantizer>(std::make_unique<LevelQuantizer>(MakeScheme(read.bits)));
}

}  // namespace lowbit::quant::methods::inq
