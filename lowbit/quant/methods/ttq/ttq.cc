#include "lowbit/quant/methods/ttq/ttq.h"

#include <algorithm>
#include <cmath>

namespace lowbit::quant::methods::ttq {
namespace {

class Ttq : public Quantizer {
 public:
  explicit Ttq(const Options& options) : options_(options) {}

  QTensor Quantize(Span<const float> weights, const Shape& shape) const override {
    const double threshold = Threshold(weights, options_);
    QTensor result;
    result.shape = shape;
    result.values = Values(StartScales(weights, options_));
    result.scales = {1};
    for (const float w : weights) result.codes.push_back(w > threshold ? 2 : w < -threshold ? 0 : 1);
    return result;
  }
  bool IsProjection() const override { return false; }

 private:
  Options options_;
};

}  // namespace

Result<Options> ReadOptions(const Config& config) {
  ConfigReader reader(config, "quantize.ttq");
  Options options;
  options.threshold = reader.Float("threshold", options.threshold, 0, 1);
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  return options;
}

double Threshold(Span<const float> weights, const Options& options) {
  double largest = 0;
  for (const float w : weights) largest = std::max(largest, std::fabs(static_cast<double>(w)));
  return options.threshold * largest;
}

Scales StartScales(Span<const float> weights, const Options& options) {
  const double threshold = Threshold(weights, options);
  double sums[2] = {}, counts[2] = {};
  for (const double w : weights) {
    if (std::fabs(w) > threshold) sums[w > 0] += std::fabs(w), ++counts[w > 0];
  }
  const auto mean = [&](int side) { return counts[side] == 0 ? 0.0f : static_cast<float>(sums[side] / counts[side]); };
  return {mean(1), mean(0)};
}

ValueSet Values(const Scales& scales) { return ValueSet::Table({-scales.negative, 0, scales.positive}); }

Result<std::unique_ptr<Quantizer>> Create(const Config& options) {
  LOWBIT_TRY(const Options read, ReadOptions(options));
  return std::unique_ptr<Quantizer>(std::make_unique<Ttq>(read));
}

}  // namespace lowbit::quant::methods::ttq
