#ifndef LOWBIT_TRAIN_LEVEL_TENSORS_H_
#define LOWBIT_TRAIN_LEVEL_TENSORS_H_

// quant/level_quantizer.h in tensor operations. Includes libtorch.

#include <utility>

#include "lowbit/quant/level_quantizer.h"
#include "lowbit/train/method.h"

namespace lowbit::train {

// The level nearest to each of rows / scales, divided in double; to 0 where the scale is 0. rows: float [rows, columns], scales:
// float [rows] or [1].
at::Tensor NearestLevels(const quant::Levels& levels, const at::Tensor& rows, const at::Tensor& scales);

// Row by row, ScaleOf(rule, row); float [rows]. Quantiles and searches are made on the CPU.
at::Tensor ScalesOf(const quant::ScaleRule& rule, const at::Tensor& rows);

class LevelTensors : public TensorQuantizer {
 public:
  explicit LevelTensors(quant::LevelScheme scheme) : by_rows_(std::move(scheme)) {}
  QuantizedRows Quantize(const at::Tensor& rows) const override;
  const quant::RowQuantizer* ByRows() const override { return &by_rows_; }

 private:
  quant::LevelRows by_rows_;
};

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_LEVEL_TENSORS_H_
