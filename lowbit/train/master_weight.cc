#include "lowbit/train/master_weight.h"

#include <torch/torch.h>

#include <utility>

namespace lowbit::train {
MasterWeight::MasterWeight(const LayerWeight& weight, std::shared_ptr<const TensorQuantizer> quantizer)
    : layer_(weight.layer),
      parameter_{weight.name, weight.value.detach().requires_grad_(true), weight.traits},
      pass_(std::move(quantizer)) {}

at::Tensor MasterWeight::Rows() const {
  const at::Tensor weight = parameter_.tensor.detach();
  return weight.reshape({weight.size(0), -1});
}

at::Tensor MasterWeight::Effective(Mode, const StepContext&) {
  return StraightThrough(weight(), pass_.Values(Rows()).view_as(weight()));
}

QTensor MasterWeight::Freeze() const {
  const at::NoGradGuard no_grad;
  return ToQTensor(pass_.Quantize(Rows()), weight().sizes().vec());
}

MethodStatistics MasterWeight::Statistics() const {
  const at::NoGradGuard no_grad;
  const at::Tensor rows = Rows();
  const QuantizedRows quantized = pass_.Quantize(rows);
  const at::Tensor values = Values(quantized);
  MethodStatistics statistics;
  statistics.error = RowErrors(rows.view({1, -1}), values.view({1, -1})).item<double>();
  statistics.mean_row_error = RowErrors(rows, values).mean().item<double>();
  statistics.zero_share = values.eq(0).to(at::kDouble).mean().item<double>();
  return statistics;
}

}  // namespace lowbit::train
