#include "lowbit/train/conv_of_doubles.h"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>

#include "lowbit/train/row_pass.h"

namespace lowbit::train {
namespace {

constexpr double kExactBelow = 16777216;  // 2^24: a float counts no further.

// Of the elements, which must be integers; infinity if one is none.
double LargestInteger(const at::Tensor& tensor) {
  constexpr double kNoFraction =
      6755399441055744.0;  // 1.5 * 2^52: what is added to it loses its digits behind the point.
  const double* values = tensor.data_ptr<double>();
  std::mutex mutex;
  double largest = 0;
  ForEachRange(tensor.numel(), 1, [&](int64_t begin, int64_t end) {
    double here = 0;
    bool integers = true;
    for (int64_t i = begin; i < end; ++i) {
      integers = integers && values[i] + kNoFraction - kNoFraction == values[i];
      here = std::max(here, std::fabs(values[i]));
    }
    const std::lock_guard<std::mutex> lock(mutex);
    largest = std::max(largest, integers ? here : std::numeric_limits<double>::infinity());
  });
  return largest;
}

// Whether every partial sum of the convolution is an integer that a float holds. `x` and `weight` are contiguous.
bool FloatsAreExact(const at::Tensor& x, const at::Tensor& weight) {
  if (!(LargestInteger(weight) < kExactBelow)) return false;
  const double row = weight.abs().flatten(1).sum(1).max().item<double>();
  return LargestInteger(x) * std::max(row, 1.0) < kExactBelow;
}

bool Differentiated(const at::Tensor& x, const at::Tensor& weight) {
  return at::GradMode::is_enabled() && (x.requires_grad() || weight.requires_grad());
}

}  // namespace

at::Tensor ConvOfDoubles(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                         const ConvGeometry& geometry) {
  const auto& [strides, pads, dilations, groups] = geometry;
  if (x.is_cpu() && at::hasMKLDNN() && !bias.defined() && x.numel() > 0 && !Differentiated(x, weight)) {
    const at::Tensor dense = x.contiguous(), dense_weight = weight.contiguous();
    if (FloatsAreExact(dense, dense_weight)) {
      // Not at::conv2d, which may choose an algorithm with fractions (Winograd).
      return at::mkldnn_convolution(dense.to(at::kFloat), dense_weight.to(at::kFloat), {}, pads, strides, dilations,
                                    groups)
          .to(at::kDouble);
    }
  }
  return at::conv2d(x, weight, bias, strides, pads, dilations, groups);
}

}  // namespace lowbit::train
