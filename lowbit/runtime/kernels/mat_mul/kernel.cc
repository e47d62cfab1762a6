#include "lowbit/runtime/kernels/mat_mul/kernel.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lowbit/runtime/kernels/mat_mul/kernel.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace lowbit::runtime::kernels::mat_mul::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Tag = hn::ScalableTag<float>;

int64_t PanelWidth() { return static_cast<int64_t>(2 * hn::Lanes(Tag())); }

// Two vectors of columns of b as they lie, or copied to the scratch memory.
StridedMatrix<const float> PanelOf(const MatMulTask& task, int64_t first) {
  const int64_t width = PanelWidth(), columns = std::min(width, task.columns - first);
  if (columns == width && task.b.column == 1) return {task.b.data + first, task.b.row, 1};
  for (int64_t k = 0; k < task.inner; ++k) {
    float* to = task.scratch + k * width;
    for (int64_t j = 0; j < width; ++j) to[j] = j < columns ? task.b.At(k, first + j) : 0.0f;
  }
  return {task.scratch, width, 1};
}

// kRows rows of results, from row `first` on, to tile[r * PanelWidth() + j].
template <int kRows>
HWY_NOINLINE void MultiplyTile(const MatMulTask& task, int64_t first, const StridedMatrix<const float>& panel,
                               float* HWY_RESTRICT tile) {
  const Tag d;
  const size_t lanes = hn::Lanes(d);
  hn::Vec<Tag> sums[kRows][2];
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) sums[r][0] = sums[r][1] = hn::Zero(d);
  const float* a = task.a.data + first * task.a.row;
  const float* b = panel.data;
  for (int64_t k = 0; k < task.inner; ++k, a += task.a.column, b += panel.row) {
    const auto b0 = hn::LoadU(d, b), b1 = hn::LoadU(d, b + lanes);
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) {
      const auto v = hn::Set(d, a[r * task.a.row]);
      sums[r][0] = hn::MulAdd(v, b0, sums[r][0]);
      sums[r][1] = hn::MulAdd(v, b1, sums[r][1]);
    }
  }
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) {
    hn::StoreU(sums[r][0], d, tile + static_cast<size_t>(2 * r) * lanes);
    hn::StoreU(sums[r][1], d, tile + static_cast<size_t>(2 * r + 1) * lanes);
  }
}

// Results of `columns` columns of a row, from (row, first) on.
void StoreRow(const MatMulTask& task, int64_t row, int64_t first, int64_t columns, const float* sums) {
  const float alpha = static_cast<float>(task.alpha), beta = static_cast<float>(task.beta);
  for (int64_t j = 0; j < columns; ++j) {
    const float sum = alpha * sums[j];
    task.y.At(row, first + j) = task.c.data == nullptr ? sum : sum + beta * task.c.At(row, first + j);
  }
}

void RunMatMul(const MatMulTask& task) {
  const int64_t width = PanelWidth();
  float* tile = task.scratch + width * task.inner;
  for (int64_t column = 0; column < task.columns; column += width) {
    const StridedMatrix<const float> panel = PanelOf(task, column);
    const int64_t columns = std::min(width, task.columns - column);
    for (int64_t row = 0; row < task.rows;) {
      const int64_t rows = task.rows - row >= 4 ? 4 : 1;
      rows == 4 ? MultiplyTile<4>(task, row, panel, tile) : MultiplyTile<1>(task, row, panel, tile);
      for (int64_t r = 0; r < rows; ++r, ++row) StoreRow(task, row, column, columns, tile + r * width);
    }
  }
}

const MatMulKernel* Kernel() {
  static const MatMulKernel kernel = {HWY_TARGET, static_cast<int>(hn::Lanes(Tag())), &RunMatMul};
  return &kernel;
}

}  // namespace lowbit::runtime::kernels::mat_mul::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lowbit::runtime {
namespace kernels::mat_mul {
namespace {

HWY_EXPORT(Kernel);
const MatMulKernel& Choose() { return *HWY_DYNAMIC_DISPATCH(Kernel)(); }

}  // namespace
}  // namespace kernels::mat_mul

const MatMulKernel& ChooseMatMulKernel() { return kernels::mat_mul::Choose(); }

void MultiplyInDoubles(const MatMulTask& task) {
  constexpr int64_t kColumns = 16;
  for (int64_t i = 0; i < task.rows; ++i) {
    for (int64_t first = 0; first < task.columns; first += kColumns) {
      const int64_t columns = std::min(kColumns, task.columns - first);
      double sums[kColumns] = {};
      for (int64_t k = 0; k < task.inner; ++k) {
        const double a = task.a.At(i, k);
        for (int64_t j = 0; j < columns; ++j) sums[j] += a * task.b.At(k, first + j);
      }
      for (int64_t j = 0; j < columns; ++j) {
        const double sum = task.alpha * sums[j];
        const double y = task.c.data == nullptr ? sum : sum + task.beta * task.c.At(i, first + j);
        task.y.At(i, first + j) = static_cast<float>(y);
      }
    }
  }
}

}  // namespace lowbit::runtime
#endif
