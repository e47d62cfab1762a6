#include "lowbit/quant/methods/dorefa/dorefa.h"

#include <algorithm>
#include <cmath>

#include "lowbit/quant/mid_rise.h"

namespace lowbit::quant::methods::dorefa {
namespace {

class Dorefa : public Quantizer {
 public:
  explicit Dorefa(int bits) : bits_(bits), levels_(MakeScheme(bits)) {}

  QTensor Quantize(Span<const float> weights, const Shape& shape) const override {
    if (bits_ == 1) return levels_.Quantize(weights, shape);
    double largest = 0;
    for (const float w : weights) largest = std::max(largest, std::tanh(std::fabs(static_cast<double>(w))));
    std::vector<float> squeezed;
    for (const float w : weights) squeezed.push_back(largest == 0 ? 0.0f : static_cast<float>(std::tanh(w) / largest));
    return levels_.Quantize(squeezed, shape);
  }
  bool IsProjection() const override { return bits_ == 1; }

 private:
  int bits_;
  LevelQuantizer levels_;
};

}  // namespace

Result<int> ReadBits(const Config& config) {
  ConfigReader reader(config, "quantize.dorefa");
  const int64_t bits = reader.Int("bits", 4, 1, 8);
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  return static_cast<int>(bits);
}

LevelScheme MakeScheme(int bits) {
  ScaleRule rule;
  rule.statistic = bits == 1 ? ScaleRule::Statistic::kMeanAbs : ScaleRule::Statistic::kOne;
  rule.factor = 1.0 / ((1 << bits) - 1);
  return {Levels(MidRise(bits), Levels::Ties::kAway), rule, Scope::kLayer};
}

Result<std::unique_ptr<Quantizer>> Create(const Config& options) {
  LOWBIT_TRY(const int bits, ReadBits(options));
  return std::unique_ptr<Quantizer>(std::make_unique<Dorefa>(bits));
}

}  // namespace lowbit::quant::methods::dorefa
