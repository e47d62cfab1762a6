#include "lowbit/train/master_weight.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <utility>

namespace lowbit::train {

MasterWeight::MasterWeight(const LayerWeight& weight, std::shared_ptr<const TensorQuantizer> quantizer)
    : layer_(weight.layer),
      parameter_{weight.name, weight.value.detach().requires_grad_(true), weight.traits},
      quantizer_(quantizer),
      pass_(std::move(quantizer)) {}

at::Tensor MasterWeight::Effective(Mode, const StepContext&) {
  const at::Tensor prepared = Prepared();
  return StraightThrough(prepared, pass_.Values(RowsOf(prepared)).view_as(prepared));
}

QTensor MasterWeight::Freeze() const {
  const at::NoGradGuard no_grad;
  return ToQTensor(pass_.Quantize(RowsOf(Prepared())), weight().sizes().vec());
}

MethodStatistics MasterWeight::Statistics() const {
  const at::NoGradGuard no_grad;
  const at::Tensor rows = RowsOf(Prepared());
  return Measure(rows, Values(pass_.Quantize(rows)));
}

at::Tensor RowsOf(const at::Tensor& weight) {
  const at::Tensor detached = weight.detach();
  return detached.reshape({detached.size(0), -1});
}

}  // namespace lowbit::train
