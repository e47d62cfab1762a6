#include "lowbit/train/row_pass.h"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "lowbit/train/kernel_passes.h"
#include "lowbit/train/parallel.h"

namespace lowbit::train {
namespace {

// Weights that are worth a thread of their own.
constexpr int64_t kGrain = 16384;

// a / b, and 0 where b is 0.
at::Tensor RatioOrZero(const at::Tensor& a, const at::Tensor& b) { return at::where(b > 0, a / b, at::zeros_like(b)); }

// Row i of a contiguous float matrix.
Span<float> RowOf(const at::Tensor& matrix, int64_t i) {
  const auto columns = static_cast<size_t>(matrix.size(1));
  return {matrix.data_ptr<float>() + static_cast<size_t>(i) * columns, columns};
}

template <typename Function>
void ForEachRow(const at::Tensor& rows, const Function& function) {
  const int64_t grain = std::max<int64_t>(1, kGrain / std::max<int64_t>(1, rows.size(1)));
  ParallelFor(rows.size(0), grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) function(i);
  });
}

// The loops to use for `rows`; null: tensor operations.
const quant::RowQuantizer* LoopsFor(const TensorQuantizer& quantizer, const at::Tensor& rows) {
  return rows.is_cpu() && rows.numel() > 0 ? quantizer.ByRows() : nullptr;
}

// The numbers for KernelPassesFor(rows); null: there are none.
const quant::RowFormula* FormulaFor(const TensorQuantizer& quantizer, const at::Tensor& rows) {
  const quant::RowQuantizer* loops = quantizer.ByRows();
  return loops != nullptr && KernelPassesFor(rows) != nullptr ? loops->Formula() : nullptr;
}

double LayerStatistic(const quant::RowQuantizer& loops, const at::Tensor& rows) {
  return loops.LayerStatistic({rows.data_ptr<float>(), static_cast<size_t>(rows.numel())});
}

// The mask as truth values where `rows` are; nothing waits where its memory is pinned.
at::Tensor OnDeviceOf(const at::Tensor& rows, const at::Tensor& mask) {
  return mask.to(rows.device(), at::kByte, /*non_blocking=*/true).to(at::kBool);
}

// sum |w_j - q_j| / sum |w_j| over `count` weights; 0 where they are all 0.
double Error(const float* w, const float* q, size_t count) {
  const double norm = quant::LaneSum(count, [w](size_t j) { return std::fabs(w[j]); });
  if (norm == 0) return 0;
  return quant::LaneSum(count, [w, q](size_t j) { return std::fabs(w[j] - q[j]); }) / norm;
}

}  // namespace

QuantizedRows RowPass::Quantize(const at::Tensor& rows) const {
  if (const quant::RowFormula* formula = FormulaFor(*quantizer_, rows)) {
    const auto [levels, scales] = KernelPassesFor(rows)->Quantize(*formula, rows);
    const quant::RowQuantizer& loops = *quantizer_->ByRows();
    return {levels, loops.OneScale() ? scales.slice(0, 0, 1) : scales, loops.Values()};
  }
  const quant::RowQuantizer* loops = LoopsFor(*quantizer_, rows);
  if (loops == nullptr) return quantizer_->Quantize(rows);
  const double statistic = LayerStatistic(*loops, rows);
  QuantizedRows result = {at::empty_like(rows), at::empty({rows.size(0)}), loops->Values()};
  float* scales = result.scales.data_ptr<float>();
  ForEachRow(rows, [&](int64_t i) {
    const Span<float> row = RowOf(rows, i);
    scales[i] = loops->QuantizeRow({row.data(), row.size()}, statistic, RowOf(result.levels, i).data());
  });
  if (loops->OneScale()) result.scales = result.scales.slice(0, 0, 1);
  return result;
}

at::Tensor RowPass::Buffer(const at::Tensor& rows) {
  // The tensor here and the storage that it holds are two users of the memory when there are no others.
  const bool free = buffer_.defined() && buffer_.use_count() == 1 && buffer_.storage().use_count() == 1;
  if (!free) buffer_ = at::empty_like(rows);
  return buffer_;
}

at::Tensor RowPass::Values(const at::Tensor& rows, at::Tensor* errors) {
  if (const quant::RowFormula* formula = FormulaFor(*quantizer_, rows)) {
    return KernelPassesFor(rows)->Values(*formula, rows, errors);
  }
  const quant::RowQuantizer* loops = LoopsFor(*quantizer_, rows);
  if (loops == nullptr) {
    at::Tensor values = train::Values(quantizer_->Quantize(rows));
    if (errors != nullptr) *errors = RowErrors(rows, values);
    return values;
  }
  const double statistic = LayerStatistic(*loops, rows);
  at::Tensor values = Buffer(rows);
  if (errors != nullptr) *errors = at::empty({rows.size(0)}, at::kDouble);
  double* error = errors != nullptr ? errors->data_ptr<double>() : nullptr;
  ForEachRow(rows, [&](int64_t i) {
    const Span<float> w = RowOf(rows, i), q = RowOf(values, i);
    const float scale = loops->QuantizeRow({w.data(), w.size()}, statistic, q.data());
    for (float& value : q) value *= scale;
    if (error != nullptr) error[i] = Error(w.data(), q.data(), w.size());
  });
  return values;
}

at::Tensor RowErrors(const at::Tensor& rows, const at::Tensor& values) {
  return RatioOrZero((rows - values).abs_().sum(1, /*keepdim=*/false, at::kDouble),
                     rows.abs().sum(1, /*keepdim=*/false, at::kDouble));
}

at::Tensor MixRows(const at::Tensor& mask, const at::Tensor& rows, at::Tensor values) {
  if (const KernelPasses* kernels = KernelPassesFor(rows)) {
    kernels->Mix(mask, rows.size(1), rows, values);
    return values;
  }
  if (!rows.is_cpu()) return at::where(OnDeviceOf(rows, mask).view({-1, 1}), values, rows);
  const uint8_t* quantized = mask.data_ptr<uint8_t>();
  ForEachRow(rows, [&](int64_t i) {
    const Span<float> w = RowOf(rows, i);
    if (quantized[i] == 0) std::copy(w.begin(), w.end(), RowOf(values, i).begin());
  });
  return values;
}

at::Tensor ElementErrors(const at::Tensor& rows, const at::Tensor& values) {
  if (const KernelPasses* kernels = KernelPassesFor(rows)) return kernels->ElementErrors(rows, values);
  if (!rows.is_cpu()) return RowErrors(rows.reshape({-1, 1}), values.reshape({-1, 1}));
  at::Tensor errors = at::empty({rows.numel()}, at::kDouble);
  const float *w = rows.data_ptr<float>(), *q = values.data_ptr<float>();
  double* e = errors.data_ptr<double>();
  ForEachRange(rows.numel(), 1, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const double norm = std::fabs(w[i]);
      e[i] = norm > 0 ? std::fabs(w[i] - q[i]) / norm : 0;
    }
  });
  return errors;
}

at::Tensor MixElements(const at::Tensor& mask, const at::Tensor& rows, at::Tensor values) {
  if (const KernelPasses* kernels = KernelPassesFor(rows)) {
    kernels->Mix(mask, 1, rows, values);
    return values;
  }
  if (!rows.is_cpu()) return at::where(OnDeviceOf(rows, mask).view_as(rows), values, rows);
  const uint8_t* quantized = mask.data_ptr<uint8_t>();
  const float* w = rows.data_ptr<float>();
  float* q = values.data_ptr<float>();
  ForEachRange(rows.numel(), 1, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const float choices[] = {w[i], q[i]};  // Both are read: no processor could predict a branch here.
      q[i] = choices[quantized[i]];
    }
  });
  return values;
}

void ForEachRange(int64_t count, int64_t unit, const std::function<void(int64_t begin, int64_t end)>& work) {
  const int64_t units = (count + unit - 1) / unit;
  ParallelFor(units, std::max<int64_t>(1, kGrain / unit),
              [&](int64_t begin, int64_t end) { work(begin * unit, std::min(end * unit, count)); });
}

}  // namespace lowbit::train
