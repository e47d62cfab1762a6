#include "lowbit/train/level_tensors.h"

#include <torch/types.h>

#include <limits>

#include "lowbit/train/kernel_passes.h"
#include "lowbit/train/row_pass.h"

namespace lowbit::train {
namespace {

using Statistic = quant::ScaleRule::Statistic;

at::Tensor Mean(const at::Tensor& rows) { return rows.mean(1, /*keepdim=*/true, at::kDouble); }

at::Tensor Rms(const at::Tensor& wide) { return Mean(wide.square()).sqrt_(); }

at::Tensor Std(const at::Tensor& wide) {
  const at::Tensor squares = (wide - Mean(wide)).square_().sum(1, /*keepdim=*/true);
  if (wide.size(1) == 1) return Rms(wide);
  return at::where(squares.eq(0), Rms(wide), (squares / static_cast<double>(wide.size(1) - 1)).sqrt_());
}

at::Tensor PowerOfTwo(const at::Tensor& largest) {
  const at::Tensor exponent = std::get<1>(at::frexp(largest * 4 / 3));
  return at::ldexp(at::ones_like(largest), exponent - 1);
}

// By the loops of quant; double [rows, 1].
at::Tensor Measured(const quant::ScaleRule& rule, const at::Tensor& rows) {
  const at::Tensor host = rows.to(at::kCPU).contiguous();
  const auto columns = static_cast<size_t>(host.size(1));
  at::Tensor scales = at::empty({host.size(0), 1}, at::kDouble);
  for (int64_t i = 0; i < host.size(0); ++i) {
    const float* row = host.data_ptr<float>() + static_cast<size_t>(i) * columns;
    scales.data_ptr<double>()[i] = quant::ScaleOf(rule, {row, columns});
  }
  return scales.to(rows.device());
}

// factor * statistic, double [rows, 1].
at::Tensor Scales(const quant::ScaleRule& rule, const at::Tensor& rows, const at::Tensor& largest) {
  const at::Tensor wide = rows.to(at::kDouble);
  switch (rule.statistic) {
    case Statistic::kOne:
      return at::full_like(largest, rule.factor);
    case Statistic::kMeanAbs:
      return Mean(wide.abs()) * rule.factor;
    case Statistic::kRms:
      return Rms(wide) * rule.factor;
    case Statistic::kStd:
      return Std(wide) * rule.factor;
    case Statistic::kMaxAbs:
      return largest * rule.factor;
    case Statistic::kPowerOfTwo:
      return PowerOfTwo(largest) * rule.factor;
    case Statistic::kQuantile:
    case Statistic::kLeastSquares:
      return Measured(rule, rows);
  }
  return largest;
}

// NearestLevels in tensor operations.
at::Tensor NearestOnDevice(const quant::Levels& levels, const at::Tensor& rows, const at::Tensor& scales) {
  const at::Tensor wide = scales.to(at::kDouble).view({-1, 1});
  const at::Tensor scaled = rows / wide.masked_fill(wide.eq(0), std::numeric_limits<double>::infinity());
  const std::vector<double> starts = levels.Starts();
  const at::Tensor boundaries = at::tensor(starts, at::kDouble).to(scaled.device());
  const at::Tensor ascending = at::tensor(levels.ascending(), at::kFloat).to(scaled.device());
  return ascending.index({at::bucketize(scaled.contiguous(), boundaries, /*out_int32=*/false, /*right=*/true)});
}

// The same in one pass. rows, scales: contiguous.
at::Tensor NearestOnCpu(const quant::Levels& levels, const at::Tensor& rows, const at::Tensor& scales) {
  at::Tensor nearest = at::empty_like(rows);
  const float *w = rows.data_ptr<float>(), *scale = scales.data_ptr<float>();
  float* to = nearest.data_ptr<float>();
  const int64_t columns = rows.size(1);
  const bool one_scale = scales.numel() == 1;
  ForEachRange(rows.numel(), columns, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin / columns; row * columns < end; ++row) {
      const double divisor = scale[one_scale ? 0 : row];
      for (int64_t i = row * columns; i < (row + 1) * columns; ++i) {
        to[i] = levels.ascending()[levels.Nearest(divisor == 0 ? 0 : w[i] / divisor)];
      }
    }
  });
  return nearest;
}

}  // namespace

at::Tensor NearestLevels(const quant::Levels& levels, const at::Tensor& rows, const at::Tensor& scales) {
  if (const KernelPasses* kernels = KernelPassesFor(rows)) {
    return kernels->Nearest(quant::MakeLevelTable(levels), rows, scales).first;
  }
  const bool plain = rows.is_cpu() && rows.scalar_type() == at::kFloat && rows.numel() > 0;
  return plain ? NearestOnCpu(levels, rows.contiguous(), scales.contiguous()) : NearestOnDevice(levels, rows, scales);
}

at::Tensor ScalesOf(const quant::ScaleRule& rule, const at::Tensor& rows) {
  const at::Tensor largest = rows.abs().amax(1, /*keepdim=*/true).to(at::kDouble);
  const at::Tensor scales =
      at::where(largest.eq(0), at::full_like(largest, rule.of_zeros), Scales(rule, rows, largest));
  const at::Tensor nan = at::full_like(largest, std::numeric_limits<double>::quiet_NaN());
  return at::where(largest.isnan(), nan, scales).to(at::kFloat).flatten();
}

QuantizedRows LevelTensors::Quantize(const at::Tensor& rows) const {
  const quant::LevelScheme& scheme = by_rows_.scheme();
  const bool layer = scheme.scope == quant::Scope::kLayer;
  const at::Tensor scales = ScalesOf(scheme.rule, layer ? rows.reshape({1, -1}) : rows);
  // The tensor operations on every device: on the CPU they are what the loops (row_pass.h) are compared with.
  const bool kernels = KernelPassesFor(rows) != nullptr;
  const at::Tensor levels =
      kernels ? NearestLevels(scheme.levels, rows, scales) : NearestOnDevice(scheme.levels, rows, scales);
  return {levels, scales, scheme.levels.values()};
}

}  // namespace lowbit::train
