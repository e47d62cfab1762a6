#include <torch/torch.h>

#include "lowbit/train/method.h"

// Ternary weights with one scale a row (quant/methods/twn is the specification), in tensor operations.

namespace lowbit::train::methods::twn {
namespace {

enum class DeltaScope { kRow, kLayer, kLayerCentered };

class Twn : public TensorQuantizer {
 public:
  explicit Twn(DeltaScope scope) : scope_(scope) {}

  QuantizedRows Quantize(const at::Tensor& rows) const override {
    const at::Tensor magnitudes = rows.abs();
    // Compared in double: the threshold has two dimensions, so the weights are widened to it.
    const at::Tensor selected = magnitudes > Threshold(rows, magnitudes);
    const at::Tensor counts = selected.sum(1);
    const at::Tensor sums = (magnitudes * selected).sum(1, /*keepdim=*/false, at::kDouble);
    return {rows.sign().mul_(selected), (sums / counts.clamp_min(1)).to(at::kFloat), ValueSet::Ternary()};
  }

 private:
  // [rows, 1] or [1, 1], double.
  at::Tensor Threshold(const at::Tensor& rows, const at::Tensor& magnitudes) const {
    constexpr double kShare = 0.7;
    if (scope_ == DeltaScope::kRow) return magnitudes.mean(1, /*keepdim=*/true, at::kDouble).mul_(kShare);
    if (scope_ == DeltaScope::kLayer) return magnitudes.mean(at::kDouble).view({1, 1}).mul_(kShare);
    const at::Tensor wide = rows.to(at::kDouble);
    return (wide - wide.mean()).abs_().mean().view({1, 1}).mul_(kShare);
  }

  DeltaScope scope_;
};

}  // namespace

Result<Method> Create(const Config& options) {
  ConfigReader reader(options, "quantize.twn");
  const std::string scope = reader.String("delta_scope", "row", {"row", "layer", "layer_centered"});
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  return StraightThroughMethod(std::make_shared<Twn>(scope == "row"     ? DeltaScope::kRow
                                                     : scope == "layer" ? DeltaScope::kLayer
                                                                        : DeltaScope::kLayerCentered));
}

}  // namespace lowbit::train::methods::twn
