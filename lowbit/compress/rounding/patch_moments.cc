#include "lowbit/compress/rounding/patch_moments.h"

#include <algorithm>

#include "lowbit/base/random.h"
#include "lowbit/core/ops_common/window.h"

namespace lowbit::compress {
namespace {

using quant::product::Matrix;

constexpr int64_t kWaiting = 64;
constexpr int64_t kTogether = 8;  // Patches that one pass over a row of the sums adds. Divides kWaiting.
constexpr int64_t kKept = 256;

// The positions of 0..all-1 that stand for all of the image.
std::vector<int64_t> ChoosePositions(int64_t image, int64_t all, int64_t wanted) {
  const int64_t count = std::min(all, std::max<int64_t>(1, wanted));
  const CounterRandom random(1, StreamOf("patches"), static_cast<uint64_t>(image));
  std::vector<int64_t> chosen;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t first = i * all / count, last = (i + 1) * all / count;
    chosen.push_back(first +
                     static_cast<int64_t>(random.Below(static_cast<uint64_t>(i), static_cast<uint64_t>(last - first))));
  }
  return chosen;
}

// sums[j] += a_k * rows[k][j] summed over k, for j < count; rows are `columns` apart.
void AddOuter(const double* a, const double* rows, int64_t columns, int64_t count, double* sums) {
  const double *r0 = rows, *r1 = r0 + columns, *r2 = r1 + columns, *r3 = r2 + columns;
  const double *r4 = r3 + columns, *r5 = r4 + columns, *r6 = r5 + columns, *r7 = r6 + columns;
  for (int64_t j = 0; j < count; ++j) {
    sums[j] += ((a[0] * r0[j] + a[1] * r1[j]) + (a[2] * r2[j] + a[3] * r3[j])) +
               ((a[4] * r4[j] + a[5] * r5[j]) + (a[6] * r6[j] + a[7] * r7[j]));
  }
}

// Row `i` of `sums` += the sum over the patches of left[i] * right^T, up to `count` columns.
void AddRow(const double* left, const double* right, int64_t columns, int64_t i, int64_t count, double* sums) {
  for (int64_t first = 0; first < kWaiting; first += kTogether) {
    double a[kTogether];
    bool any = false;
    for (int64_t k = 0; k < kTogether; ++k) {
      a[k] = left[(first + k) * columns + i];
      any = any || a[k] != 0;
    }
    if (any) AddOuter(a, right + first * columns, columns, count, sums);
  }
}

}  // namespace

PatchMoments::PatchMoments(const Node& node, const Shape& weight, int64_t images, int64_t positions, ThreadPool* pool)
    : node_(node),
      weight_(weight),
      images_(images),
      positions_(positions),
      groups_(IntAttribute(node, "group", 1)),
      pool_(pool) {
  weight_.resize(4, 1);
  columns_ = weight_[1] * weight_[2] * weight_[3];
  patches_.assign(static_cast<size_t>(groups_ * kWaiting * columns_), 0);
  inputs_.assign(static_cast<size_t>(groups_), Matrix(static_cast<int>(columns_)));
}

void PatchMoments::Add(Span<const float> inputs, Span<const float> targets, const Shape& shape) {
  if (!targets.empty() && shifts_.empty()) {
    differences_.assign(patches_.size(), 0);
    shifts_.assign(inputs_.size(), Matrix(static_cast<int>(columns_)));
  }
  Shape image = shape;
  image.resize(4, 1);
  image[0] = 1;
  const int64_t size = Elements(image);
  for (int64_t n = 0; n < shape[0]; ++n) {
    AddImage(inputs.data() + n * size, targets.empty() ? nullptr : targets.data() + n * size, image);
  }
}

void PatchMoments::AddImage(const float* inputs, const float* targets, const Shape& shape) {
  const ops::Window window =
      node_.op == "Conv" ? ops::ResolveWindow(node_, shape, {weight_[2], weight_[3]}).value() : ops::Window();
  const std::vector<int64_t> chosen = ChoosePositions(image_++, window.OutputPlane(), positions_ / images_);
  const int64_t every = std::max<int64_t>(1, images_ * static_cast<int64_t>(chosen.size()) / kKept);
  const int64_t taps = weight_[2] * weight_[3];
  std::vector<float> patch(static_cast<size_t>(columns_));
  const auto unfold = [&](const float* image, int64_t group, int64_t position) {
    std::fill(patch.begin(), patch.end(), 0.0f);
    for (int64_t c = 0; c < weight_[1]; ++c) {
      const float* plane = image + (group * weight_[1] + c) * window.InputPlane();
      float* of_channel = patch.data() + c * taps;
      ops::VisitWindow(window, position / window.x.output, position % window.x.output,
                       [&](int64_t pixel, int64_t tap) { of_channel[tap] = plane[pixel]; });
    }
  };
  for (const int64_t position : chosen) {
    const bool keep = seen_++ % every == 0 && kept_ < kKept;
    if (keep) ++kept_;
    for (int64_t g = 0; g < groups_; ++g) {
      const auto at = static_cast<std::ptrdiff_t>((g * kWaiting + waiting_) * columns_);
      unfold(inputs, g, position);
      std::copy(patch.begin(), patch.end(), patches_.begin() + at);
      if (keep) kept_inputs_.insert(kept_inputs_.end(), patch.begin(), patch.end());
      if (targets == nullptr) continue;
      unfold(targets, g, position);
      for (size_t i = 0; i < patch.size(); ++i) {
        const size_t j = static_cast<size_t>(at) + i;
        differences_[j] = static_cast<double>(patch[i]) - patches_[j];
      }
      if (keep) kept_targets_.insert(kept_targets_.end(), patch.begin(), patch.end());
    }
    if (++waiting_ == kWaiting) Flush();
  }
}

// The rows of the sums are independent of each other, so that threads do not change them.
void PatchMoments::Flush() {
  pool_->ParallelFor(groups_ * columns_, [&](int64_t task, int) {
    const auto group = static_cast<size_t>(task / columns_);
    const int64_t i = task % columns_;
    const double* patches = patches_.data() + static_cast<int64_t>(group) * kWaiting * columns_;
    AddRow(patches, patches, columns_, i, i + 1, inputs_[group].row(static_cast<int>(i)));
    if (shifts_.empty()) return;
    const double* differences = differences_.data() + static_cast<int64_t>(group) * kWaiting * columns_;
    AddRow(differences, patches, columns_, i, columns_, shifts_[group].row(static_cast<int>(i)));
  });
  std::fill(patches_.begin(), patches_.end(), 0.0);
  std::fill(differences_.begin(), differences_.end(), 0.0);
  waiting_ = 0;
}

const std::vector<Matrix>& PatchMoments::Inputs() {
  if (waiting_ > 0) Flush();
  for (Matrix& sums : inputs_) {
    for (int i = 0; i < sums.size; ++i) {
      for (int j = 0; j < i; ++j) sums.row(j)[i] = sums.row(i)[j];
    }
  }
  return inputs_;
}

const std::vector<Matrix>& PatchMoments::Shifts() {
  if (waiting_ > 0) Flush();
  return shifts_;
}

}  // namespace lowbit::compress
