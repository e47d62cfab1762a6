#ifndef LOWBIT_TRAIN_CUDA_ROW_KERNELS_H_
#define LOWBIT_TRAIN_CUDA_ROW_KERNELS_H_

// What becomes of a layer's weights in a training step (train/row_pass.h, train/learned_scale.h), as kernels: a block for each
// row of a row-major matrix [rows, columns].

#include <cmath>

#include "lowbit/quant/row_formula.h"
#include "lowbit/train/cuda/block.h"

namespace lowbit::train::cuda {

using quant::LevelTable;
using quant::RowFormula;
using quant::ScaleRule;

// What all scale rules need to know of some weights.
struct Moments {
  double largest;  // max |w|, NaN if a weight is
  double sum;      // Of |w| for kMeanAbs, else of w.
  double squares;  // sum (w - their mean)^2, for kStd and kRms
};

template <typename Block>
LOWBIT_DEVICE Moments MomentsOf(Block& block, ScaleRule::Statistic statistic, const float* w, int64_t count) {
  using Statistic = ScaleRule::Statistic;
  const bool magnitudes = statistic == Statistic::kMeanAbs;
  Moments moments = {};
  moments.largest = LargestOf(block, count, [w](int64_t j) { return std::fabs(w[j]); });
  moments.sum = SumOf(block, count, [w, magnitudes](int64_t j) { return magnitudes ? std::fabs(w[j]) : w[j]; });
  if (statistic != Statistic::kStd && statistic != Statistic::kRms) return moments;
  const double mean = moments.sum / static_cast<double>(count);
  moments.squares = SumOf(block, count, [w, mean](int64_t j) { return (w[j] - mean) * (w[j] - mean); });
  return moments;
}

// Of all rows together, from those of each. The squares about the mean of all are those about each row's own mean and what
// those means are apart (Chan, Golub, LeVeque 1979).
template <typename Block>
LOWBIT_DEVICE Moments Together(Block& block, const Moments* parts, int64_t rows, int64_t columns) {
  Moments moments = {};
  const auto length = static_cast<double>(columns);
  moments.largest = LargestOf(block, rows, [parts](int64_t i) { return parts[i].largest; });
  moments.sum = SumOf(block, rows, [parts](int64_t i) { return parts[i].sum; });
  const double mean = moments.sum / (static_cast<double>(rows) * length);
  moments.squares = SumOf(block, rows, [parts, length, mean](int64_t i) {
    const double apart = parts[i].sum / length - mean;
    return parts[i].squares + length * apart * apart;
  });
  return moments;
}

// quant::ScaleOf of `count` weights, before it is rounded to float; NaN if one of them is.
LOWBIT_DEVICE inline double ScaleOf(const ScaleRule& rule, const Moments& moments, double count) {
  using Statistic = ScaleRule::Statistic;
  if (moments.largest == 0) return rule.of_zeros;
  const double mean = moments.sum / count;
  const double rms = std::sqrt(moments.squares / count + mean * mean);
  double statistic = moments.largest;
  if (rule.statistic == Statistic::kOne) statistic = 1;
  if (rule.statistic == Statistic::kMeanAbs) statistic = mean;
  if (rule.statistic == Statistic::kRms) statistic = rms;
  if (rule.statistic == Statistic::kStd) {
    statistic = count == 1 || moments.squares == 0 ? rms : std::sqrt(moments.squares / (count - 1));
  }
  if (rule.statistic == Statistic::kPowerOfTwo) {
    int exponent = 0;
    std::frexp(4 * moments.largest / 3, &exponent);
    statistic = std::ldexp(1.0, exponent - 1);
  }
  return moments.largest != moments.largest ? moments.largest : rule.factor * statistic;
}

LOWBIT_DEVICE inline float NearestLevel(const LevelTable& table, double x) {
  int at = 0;
  for (int step = table.half; step > 0; step /= 2) at += x >= table.starts[at + step - 1] ? step : 0;
  return table.levels[at];
}

// The rows' moments, for a rule that is applied to the whole layer.
struct MeasureRows {
  ScaleRule::Statistic statistic;
  const float* weights;
  int64_t rows, columns;
  Moments* moments;  // [rows]

  int64_t Blocks() const { return rows; }
  template <typename Block>
  LOWBIT_DEVICE void operator()(Block& block) const {
    const Moments found = MomentsOf(block, statistic, weights + block.index() * columns, columns);
    if (block.rank() == 0) moments[block.index()] = found;
  }
};

// RowQuantizer::QuantizeRow of each row.
struct QuantizeRows {
  RowFormula formula;
  const float* weights;
  int64_t rows, columns;
  const Moments* moments;  // Of MeasureRows, where formula.whole_layer; else null.
  const float* given;      // [rows] or, with one_given, [1]: scales to use in place of the formula's; or null.
  bool one_given;
  bool multiply;    // Write scale * level, not the level.
  float* values;    // [rows, columns]
  float* products;  // [rows, columns], scale * level besides the level; or null.
  float* scales;    // [rows] or null
  double* errors;   // [rows] or null: sum |w - value| / sum |w|, 0 where all are 0.

  int64_t Blocks() const { return rows; }
  template <typename Block>
  LOWBIT_DEVICE void operator()(Block& block) const {
    const float* w = weights + block.index() * columns;
    float* q = values + block.index() * columns;  // Each thread reads only what it wrote.
    const double statistic = Statistic(block, w);
    const float scale = formula.kind == RowFormula::Kind::kNearest ? Nearest(block, w, statistic, q)
                                                                   : Threshold(block, w, statistic, q);
    if (scales != nullptr && block.rank() == 0) scales[block.index()] = scale;
    if (multiply) {
      for (int64_t j = block.rank(); j < columns; j += block.size()) q[j] *= scale;
    }
    if (products != nullptr) {
      float* product = products + block.index() * columns;
      for (int64_t j = block.rank(); j < columns; j += block.size()) product[j] = q[j] * scale;
    }
    if (errors == nullptr) return;
    const double norm = SumOf(block, columns, [w](int64_t j) { return std::fabs(w[j]); });
    const double distance = SumOf(block, columns, [w, q](int64_t j) { return std::fabs(w[j] - q[j]); });
    if (block.rank() == 0) errors[block.index()] = norm == 0 ? 0 : distance / norm;
  }

 private:
  template <typename Block>
  LOWBIT_DEVICE double Statistic(Block& block, const float* w) const {
    if (given != nullptr) return given[one_given ? 0 : block.index()];
    const auto length = static_cast<double>(columns);
    if (moments == nullptr) return ScaleOf(formula.rule, MomentsOf(block, formula.rule.statistic, w, columns), length);
    return ScaleOf(formula.rule, Together(block, moments, rows, columns), static_cast<double>(rows) * length);
  }

  template <typename Block>
  LOWBIT_DEVICE float Nearest(const Block& block, const float* w, double statistic, float* levels) const {
    const auto scale = static_cast<float>(statistic);
    for (int64_t j = block.rank(); j < columns; j += block.size()) {
      levels[j] = NearestLevel(formula.table, scale == 0 ? 0.0 : static_cast<double>(w[j]) / scale);
    }
    return scale;
  }

  template <typename Block>
  LOWBIT_DEVICE float Threshold(Block& block, const float* w, double threshold, float* levels) const {
    for (int64_t j = block.rank(); j < columns; j += block.size()) {
      levels[j] = static_cast<float>(w[j] > threshold) - static_cast<float>(w[j] < -threshold);
    }
    const double count = SumOf(block, columns, [levels](int64_t j) { return std::fabs(levels[j]); });
    const double sum = SumOf(block, columns, [w, levels](int64_t j) { return w[j] * levels[j]; });
    if (threshold != threshold) return static_cast<float>(threshold);  // A diverged network must show.
    return count == 0 ? 0.0f : static_cast<float>(sum / count);
  }
};

// The gradients of scale * level (train/learned_scale.h), where levels are those of weights / scale and reach from `first` to
// `last`: dL/dw, and of each row dL/dscale / g, or dL/dscale.
struct LearnRows {
  const float *weights, *levels, *d;  // [rows, columns]
  int64_t rows, columns;
  const float* scales;  // [rows] or, with one_scale, [1]
  bool one_scale;
  float first, last;
  double factor;     // g
  float* dw;         // [rows, columns]
  double* sums;      // [rows]; dL/dscale / g, where all rows have one scale.
  float* of_scales;  // [rows]; dL/dscale, where each row has its own.

  int64_t Blocks() const { return rows; }
  template <typename Block>
  LOWBIT_DEVICE void operator()(Block& block) const {
    const float scale = scales[one_scale ? 0 : block.index()];
    const int64_t start = block.index() * columns;
    const double sum = SumOf(block, columns, [this, scale, start](int64_t j) {
      const int64_t i = start + j;
      const float scaled = weights[i] / scale;
      const bool inside = scaled >= first && scaled <= last;
      dw[i] = inside ? d[i] : 0;
      return (inside ? levels[i] - scaled : levels[i]) * d[i];
    });
    if (block.rank() != 0) return;
    if (one_scale) {
      sums[block.index()] = sum;
    } else {
      of_scales[block.index()] = static_cast<float>(factor * sum);
    }
  }
};

// ElementErrors: |w - q| / |w|, 0 where w = 0.
struct MeasureElements {
  const float *weights, *values;
  int64_t count;
  double* errors;

  int64_t Blocks() const { return BlocksFor(count); }
  template <typename Block>
  LOWBIT_DEVICE void operator()(Block& block) const {
    ForEach(block, count, [this](int64_t i) {
      const double norm = std::fabs(weights[i]);
      errors[i] = norm > 0 ? std::fabs(weights[i] - values[i]) / norm : 0;
    });
  }
};

// MixRows (units of a row's length) and MixElements (of 1): weights over the values of those units that are not quantized.
struct MixUnits {
  const uint8_t* quantized;  // [count / unit]
  int64_t unit, count;
  const float* weights;
  float* values;

  int64_t Blocks() const { return BlocksFor(count); }
  template <typename Block>
  LOWBIT_DEVICE void operator()(Block& block) const {
    ForEach(block, count, [this](int64_t i) {
      if (quantized[i / unit] == 0) values[i] = weights[i];
    });
  }
};

}  // namespace lowbit::train::cuda

#endif  // LOWBIT_TRAIN_CUDA_ROW_KERNELS_H_
