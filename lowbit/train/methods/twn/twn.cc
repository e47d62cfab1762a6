#include <torch/types.h>

#include "lowbit/quant/methods/twn/rows.h"
#include "lowbit/train/method.h"

// Ternary weights with one scale a row (quant/methods/twn is the specification), in tensor operations.

namespace lowbit::train::methods::twn {
namespace {

using quant::methods::twn::DeltaScope;
using quant::methods::twn::Options;

class Twn : public TensorQuantizer {
 public:
  explicit Twn(const Options& options) : options_(options), by_rows_(options) {}

  QuantizedRows Quantize(const at::Tensor& rows) const override {
    const at::Tensor magnitudes = rows.abs();
    // Compared in double: the threshold has two dimensions, so the weights are widened to it.
    const at::Tensor selected = magnitudes > Threshold(rows, magnitudes);
    const at::Tensor counts = selected.sum(1);
    const at::Tensor sums = (magnitudes * selected).sum(1, /*keepdim=*/false, at::kDouble);
    return {rows.sign().mul_(selected), (sums / counts.clamp_min(1)).to(at::kFloat), ValueSet::Ternary()};
  }

  const quant::RowQuantizer* ByRows() const override { return &by_rows_; }

 private:
  // [rows, 1] or [1, 1], double.
  at::Tensor Threshold(const at::Tensor& rows, const at::Tensor& magnitudes) const {
    const double factor = options_.delta_factor;
    if (options_.delta_scope == DeltaScope::kRow) return magnitudes.mean(1, /*keepdim=*/true, at::kDouble).mul_(factor);
    if (options_.delta_scope == DeltaScope::kLayer) return magnitudes.mean(at::kDouble).view({1, 1}).mul_(factor);
    const at::Tensor wide = rows.to(at::kDouble);
    return (wide - wide.mean()).abs_().mean().view({1, 1}).mul_(factor);
  }

  Options options_;
  quant::methods::twn::TwnRows by_rows_;
};

}  // namespace

Result<Method> Create(const Config& options) {
  LOWBIT_TRY(const Options read, quant::methods::twn::ReadOptions(options));
  return StraightThroughMethod(std::make_shared<Twn>(read));
}

}  // namespace lowbit::train::methods::twn
