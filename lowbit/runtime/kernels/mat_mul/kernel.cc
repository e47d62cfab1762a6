#include "lowbit/runtime/kernels/mat_mul/kernel.h"

#include <algorithm>
#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lowbit/runtime/kernels/mat_mul/kernel.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace lowbit::runtime::kernels::mat_mul::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// T: what sums are computed in, float or double.
template <typename T>
using Tag = hn::ScalableTag<T>;

template <typename T>
int64_t PanelWidth() {
  return static_cast<int64_t>(2 * hn::Lanes(Tag<T>()));
}

// A vector of T of as many floats.
template <typename T>
HWY_INLINE hn::Vec<Tag<T>> LoadFloats(const float* x) {
  if constexpr (std::is_same_v<T, float>) {
    return hn::LoadU(Tag<T>(), x);
  } else {
    return hn::PromoteTo(Tag<T>(), hn::LoadU(hn::Rebind<float, Tag<T>>(), x));
  }
}

// `width` columns of b as they lie, or copied to `copy`.
StridedMatrix<const float> PanelOf(const MatMulTask& task, int64_t first, int64_t width, float* copy) {
  const int64_t columns = std::min(width, task.columns - first);
  if (columns == width && task.b.column == 1) return {task.b.data + first, task.b.row, 1};
  for (int64_t k = 0; k < task.inner; ++k) {
    float* to = copy + k * width;
    for (int64_t j = 0; j < width; ++j) to[j] = j < columns ? task.b.At(k, first + j) : 0.0f;
  }
  return {copy, width, 1};
}

// kRows rows of results, from row `first` on, to tile[r * PanelWidth<T>() + j]. (A product of two floats is exact in a
// double, so that a fused multiply-add is the same there as a product and a sum.)
template <typename T, int kRows>
HWY_NOINLINE void MultiplyTile(const MatMulTask& task, int64_t first, const StridedMatrix<const float>& panel,
                               T* HWY_RESTRICT tile) {
  const Tag<T> d;
  const size_t lanes = hn::Lanes(d);
  hn::Vec<Tag<T>> sums[kRows][2];
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) sums[r][0] = sums[r][1] = hn::Zero(d);
  const float* a = task.a.data + first * task.a.row;
  const float* b = panel.data;
  for (int64_t k = 0; k < task.inner; ++k, a += task.a.column, b += panel.row) {
    const auto b0 = LoadFloats<T>(b), b1 = LoadFloats<T>(b + lanes);
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) {
      const auto v = hn::Set(d, static_cast<T>(a[r * task.a.row]));
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
template <typename T>
void StoreRow(const MatMulTask& task, int64_t row, int64_t first, int64_t columns, const T* sums) {
  const T alpha = static_cast<T>(task.alpha), beta = static_cast<T>(task.beta);
  for (int64_t j = 0; j < columns; ++j) {
    const T sum = alpha * sums[j];
    task.y.At(row, first + j) =
        static_cast<float>(task.c.data == nullptr ? sum : sum + beta * task.c.At(row, first + j));
  }
}

template <typename T>
void RunMatMul(const MatMulTask& task) {
  const int64_t width = PanelWidth<T>();
  T* tile = reinterpret_cast<T*>(task.scratch);
  for (int64_t column = 0; column < task.columns; column += width) {
    const auto panel = PanelOf(task, column, width, reinterpret_cast<float*>(tile + 4 * width));
    const int64_t columns = std::min(width, task.columns - column);
    for (int64_t row = 0; row < task.rows;) {
      const int64_t rows = task.rows - row >= 4 ? 4 : 1;
      rows == 4 ? MultiplyTile<T, 4>(task, row, panel, tile) : MultiplyTile<T, 1>(task, row, panel, tile);
      for (int64_t r = 0; r < rows; ++r, ++row) StoreRow(task, row, column, columns, tile + r * width);
    }
  }
}

const MatMulKernel* Kernel() {
  static const MatMulKernel kernel = {HWY_TARGET, static_cast<int>(hn::Lanes(Tag<float>())), &RunMatMul<float>,
                                      &RunMatMul<double>};
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
