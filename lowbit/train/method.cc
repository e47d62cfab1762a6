#include "lowbit/train/method.h"

#include <torch/autograd.h>
#include <torch/types.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "lowbit/train/master_weight.h"
#include "lowbit/train/row_pass.h"

namespace lowbit::train {
namespace {

struct StraightThroughFunction : torch::autograd::Function<StraightThroughFunction> {
  static at::Tensor forward(torch::autograd::AutogradContext*, const at::Tensor&, const at::Tensor& replacement) {
    return replacement;
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext*,
                                                 torch::autograd::variable_list gradients) {
    return {gradients[0], at::Tensor()};
  }
};

std::vector<float> ToVector(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.detach().to(at::kCPU, at::kFloat).contiguous();
  return std::vector<float>(flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel());
}

// The offset that makes a code of a level, for the kinds whose levels are consecutive integers (binary: every second).
double FirstCodeOffset(const ValueSet& values) {
  return values.kind == ValueSet::Kind::kAffine ? values.zero_point : 1.0;
}

std::vector<uint8_t> ArithmeticCodes(const at::Tensor& levels, const ValueSet& values) {
  at::Tensor codes = levels + FirstCodeOffset(values);
  if (values.kind == ValueSet::Kind::kBinary) codes = codes * 0.5;
  codes = codes.to(at::kCPU, at::kByte).contiguous();
  return std::vector<uint8_t>(codes.data_ptr<uint8_t>(), codes.data_ptr<uint8_t>() + codes.numel());
}

// The first entry of the table that equals the `block` levels.
uint8_t FindEntry(const float* levels, const ValueSet& values) {
  const auto block = static_cast<size_t>(values.block);
  for (size_t entry = 0; entry * block < values.table.size(); ++entry) {
    if (std::equal(levels, levels + block, values.table.data() + entry * block)) return static_cast<uint8_t>(entry);
  }
  throw std::logic_error("a quantizer's level is not in its table");
}

std::vector<uint8_t> TableCodes(const at::Tensor& levels, const ValueSet& values) {
  const std::vector<float> flat = ToVector(levels);
  std::vector<uint8_t> codes;
  for (size_t i = 0; i < flat.size(); i += static_cast<size_t>(values.block)) {
    codes.push_back(FindEntry(flat.data() + i, values));
  }
  return codes;
}

}  // namespace

at::Tensor Values(const QuantizedRows& quantized) { return quantized.levels * quantized.scales.view({-1, 1}); }

QTensor ToQTensor(const QuantizedRows& quantized, const Shape& shape) {
  using Kind = ValueSet::Kind;
  const bool table = quantized.values.kind == Kind::kTable || quantized.values.kind == Kind::kCodebook;
  QTensor result;
  result.shape = shape;
  result.values = quantized.values;
  result.codes =
      table ? TableCodes(quantized.levels, quantized.values) : ArithmeticCodes(quantized.levels, quantized.values);
  result.scales = ToVector(quantized.scales);
  return result;
}

MethodStatistics Measure(const at::Tensor& rows, const at::Tensor& values) {
  MethodStatistics statistics;
  statistics.error = RowErrors(rows.reshape({1, -1}), values.reshape({1, -1})).item<double>();
  statistics.mean_row_error = RowErrors(rows, values).mean().item<double>();
  statistics.zero_share = values.eq(0).to(at::kDouble).mean().item<double>();
  return statistics;
}

at::Tensor StraightThrough(const at::Tensor& weight, const at::Tensor& replacement) {
  if (!at::GradMode::is_enabled() || !weight.requires_grad()) return replacement;
  return StraightThroughFunction::apply(weight, replacement);
}

Method StraightThroughMethod(std::shared_ptr<const TensorQuantizer> quantizer) {
  Method method;
  method.quantizer = quantizer;
  method.make = [quantizer](const LayerWeight& weight) { return std::make_unique<MasterWeight>(weight, quantizer); };
  return method;
}

}  // namespace lowbit::train
