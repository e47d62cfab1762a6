#ifndef LOWBIT_TRAIN_ROW_PASS_H_
#define LOWBIT_TRAIN_ROW_PASS_H_

// Low-bit values of a layer's weights in each training step. Includes libtorch.

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>

#include "lowbit/train/method.h"

namespace lowbit::train {

// A quantizer at work on one layer. On the CPU, where the quantizer offers loops (TensorQuantizer::ByRows), a step is one
// multi-threaded pass: each row is read, quantized and measured while it is in the cache, and nothing is allocated. On a GPU
// with passes (kernel_passes.h), where the loops have a formula, it is one launch, or two. Elsewhere tensor operations do
// the same. `rows` is W: float [rows, columns], contiguous, no gradient recorded.
class RowPass {
 public:
  explicit RowPass(std::shared_ptr<const TensorQuantizer> quantizer) : quantizer_(std::move(quantizer)) {}

  QuantizedRows Quantize(const at::Tensor& rows) const;
  // Q = scale * level, float [rows, columns]: the caller's to change until the next call, which writes to the same
  // memory if nobody else (a gradient to come) holds it any more.
  // If `errors` is not null, it receives RowErrors(rows, Q).
  at::Tensor Values(const at::Tensor& rows, at::Tensor* errors = nullptr);

 private:
  at::Tensor Buffer(const at::Tensor& rows);

  std::shared_ptr<const TensorQuantizer> quantizer_;
  at::Tensor buffer_;
};

// e_i = sum_j |W_ij - Q_ij| / sum_j |W_ij|, and 0 where the row is all zero; double [rows].
at::Tensor RowErrors(const at::Tensor& rows, const at::Tensor& values);

// e_j = |W_j - Q_j| / |W_j|, and 0 where W_j = 0, of each weight; double [rows * columns].
at::Tensor ElementErrors(const at::Tensor& rows, const at::Tensor& values);

// Writes W's row i over Q's for each i with mask[i] = 0; `mask` is byte [rows] on the CPU. Q is changed and returned.
at::Tensor MixRows(const at::Tensor& mask, const at::Tensor& rows, at::Tensor values);
// The same for each weight: `mask` is byte [rows * columns].
at::Tensor MixElements(const at::Tensor& mask, const at::Tensor& rows, at::Tensor values);

// work(begin, end) for parts of [0, count) that are worth a thread, in parallel; each begins at a multiple of `unit`.
void ForEachRange(int64_t count, int64_t unit, const std::function<void(int64_t begin, int64_t end)>& work);

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_ROW_PASS_H_
