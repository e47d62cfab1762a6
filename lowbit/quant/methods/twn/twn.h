#ifndef LOWBIT_QUANT_METHODS_TWN_TWN_H_
#define LOWBIT_QUANT_METHODS_TWN_TWN_H_

#include "lowbit/quant/quantizer.h"

namespace lowbit::quant::methods::twn {

enum class DeltaScope { kRow, kLayer, kLayerCentered };

struct Options {
  DeltaScope delta_scope = DeltaScope::kRow;
  double delta_factor = 0.7;
};

// Keys `delta_scope` = row | layer | layer_centered, `delta_factor` in 0..10. For the tensor version too.
Result<Options> ReadOptions(const Config& config);

// The method of spec.md.
class Twn : public Quantizer {
 public:
  explicit Twn(const Options& options) : options_(options) {}
  QTensor Quantize(Span<const float> weights, const Shape& shape) const override;

  // The threshold of each row, in double. weights.size() is a multiple of `rows`.
  std::vector<double> Thresholds(Span<const float> weights, int64_t rows) const;

 private:
  Options options_;
};

Result<std::unique_ptr<Quantizer>> Create(const Config& options);

}  // namespace lowbit::quant::methods::twn

#endif  // LOWBIT_QUANT_METHODS_TWN_TWN_H_
