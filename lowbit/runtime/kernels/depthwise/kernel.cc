#include "lowbit/runtime/kernels/depthwise/kernel.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lowbit/runtime/kernels/depthwise/kernel.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "lowbit/runtime/decode-inl.h"
#include "lowbit/runtime/epilogue-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lowbit::runtime::kernels::depthwise::HWY_NAMESPACE {

using namespace ::lowbit::runtime::HWY_NAMESPACE;  // NOLINT: the shared parts of this target

// Calls visitor.Add(x, tap) for each tap of the window of `pixel` inside the image; x points at the input pixel's `channel`.
template <class Visitor>
HWY_INLINE void VisitTaps(const DepthwiseTask& task, int64_t pixel, int64_t channel, Visitor& visitor) {
  const ConvShape& shape = *task.shape;
  const int64_t x0 = pixel % shape.out_width * shape.stride_width - shape.pad_left;
  const int64_t y0 = pixel / shape.out_width % shape.out_height * shape.stride_height - shape.pad_top;
  const int64_t image = pixel / (shape.out_width * shape.out_height);
  const float* input = task.input + image * shape.in_height * shape.in_width * shape.in_channels + channel;
  for (int64_t ky = 0; ky < shape.kernel_height; ++ky) {
    const int64_t y = y0 + ky * shape.dilation_height;
    if (y < 0 || y >= shape.in_height) continue;
    for (int64_t kx = 0; kx < shape.kernel_width; ++kx) {
      const int64_t x = x0 + kx * shape.dilation_width;
      if (x < 0 || x >= shape.in_width) continue;
      visitor.Add(input + (y * shape.in_width + x) * shape.in_channels, ky * shape.kernel_width + kx);
    }
  }
}

// A panel whose channels all exist: the sums stay in registers.
class FullPanel {
 public:
  FullPanel(const float* weights, float* sums) : weights_(weights), sums_(sums) {}
  HWY_INLINE void Start() { sum0_ = sum1_ = hn::Zero(FloatTag()); }
  HWY_INLINE void Add(const float* x, int64_t tap) {
    const FloatTag d;
    const size_t lanes = hn::Lanes(d);
    const float* w = weights_ + static_cast<size_t>(tap) * kPanelVectors * lanes;
    sum0_ = hn::MulAdd(hn::LoadU(d, x), hn::Load(d, w), sum0_);
    sum1_ = hn::MulAdd(hn::LoadU(d, x + lanes), hn::Load(d, w + lanes), sum1_);
  }
  HWY_INLINE void Finish() {
    hn::Store(sum0_, FloatTag(), sums_);
    hn::Store(sum1_, FloatTag(), sums_ + hn::Lanes(FloatTag()));
  }

 private:
  static_assert(kPanelVectors == 2, "one sum for each vector");
  const float* weights_;
  float* sums_;
  FloatVector sum0_, sum1_;
};

// The last panel: `count` of `width` channels.
class PartialPanel {
 public:
  PartialPanel(const float* weights, int64_t width, int64_t count, float* sums)
      : weights_(weights), width_(width), count_(count), sums_(sums) {}
  HWY_INLINE void Start() { std::fill(sums_, sums_ + count_, 0.0f); }
  HWY_INLINE void Add(const float* HWY_RESTRICT x, int64_t tap) {
    for (int64_t c = 0; c < count_; ++c) sums_[c] += x[c] * weights_[tap * width_ + c];
  }
  HWY_INLINE void Finish() {}

 private:
  const float* weights_;
  int64_t width_, count_;
  float* sums_;
};

template <class Panel>
void RunPixels(const DepthwiseTask& task, int64_t channel, int64_t count, const float* sums, Panel panel) {
  for (int64_t pixel = task.first_pixel; pixel < task.first_pixel + task.pixels; ++pixel) {
    panel.Start();
    VisitTaps(task, pixel, channel, panel);
    panel.Finish();
    const int64_t at = pixel * task.shape->out_channels + channel;
    ApplyEpilogue(*task.epilogue, channel, count, sums, task.residual == nullptr ? nullptr : task.residual + at,
                  task.output + at);
  }
}

void RunDepthwise(const DepthwiseTask& task) {
  const int64_t width = task.weights->PanelWidth(), channel = task.panel * width;
  const int64_t count = std::min(width, task.weights->rows - channel);
  float* sums = task.scratch + task.weights->columns * width;
  WithDecoder<DecodePanelWith>(*task.weights, task.panel, task.scratch);
  if (count == width) {
    RunPixels(task, channel, count, sums, FullPanel(task.scratch, sums));
  } else {
    RunPixels(task, channel, count, sums, PartialPanel(task.scratch, width, count, sums));
  }
}

const DepthwiseKernel* Kernel() {
  static const DepthwiseKernel kernel = {HWY_TARGET, static_cast<int>(hn::Lanes(FloatTag())), &RunDepthwise};
  return &kernel;
}

}  // namespace lowbit::runtime::kernels::depthwise::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lowbit::runtime {
namespace kernels::depthwise {
namespace {

HWY_EXPORT(Kernel);
const DepthwiseKernel& Choose() { return *HWY_DYNAMIC_DISPATCH(Kernel)(); }

}  // namespace
}  // namespace kernels::depthwise

const DepthwiseKernel& ChooseDepthwiseKernel() { return kernels::depthwise::Choose(); }

}  // namespace lowbit::runtime
#endif
