#include "lowbit/runtime/kernels/depthwise_u8/kernel.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lowbit/runtime/kernels/depthwise_u8/kernel.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "lowbit/runtime/dot-inl.h"
#include "lowbit/runtime/finish-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lowbit::runtime::kernels::depthwise_u8::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using namespace ::lowbit::runtime::HWY_NAMESPACE;  // NOLINT: the shared parts of this target

// The taps of one output pixel that lie inside of the image: pixels and weights of all channels.
class Window {
 public:
  Window(const ByteDepthwise& layer, const uint8_t* image, int64_t oy, int64_t ox) : layer_(layer), image_(image) {
    const ConvShape& s = layer.shape;
    y_ = oy * s.stride_height - s.pad_top;
    x_ = ox * s.stride_width - s.pad_left;
  }

  // Calls tap(pixel, weights) for each.
  template <typename Function>
  HWY_INLINE void ForEach(const Function& tap) const {
    const ConvShape& s = layer_.shape;
    for (int64_t ky = 0; ky < s.kernel_height; ++ky) {
      const int64_t y = y_ + ky * s.dilation_height;
      if (y < 0 || y >= s.in_height) continue;
      for (int64_t kx = 0; kx < s.kernel_width; ++kx) {
        const int64_t x = x_ + kx * s.dilation_width;
        if (x < 0 || x >= s.in_width) continue;
        tap(image_ + (y * s.in_width + x) * s.in_channels,
            layer_.weights.data() + (ky * s.kernel_width + kx) * s.in_channels);
      }
    }
  }

 private:
  const ByteDepthwise& layer_;
  const uint8_t* image_;
  int64_t y_, x_;
};

// Sums of kVectors vectors of channels.
template <int kVectors>
HWY_INLINE void SumVectors(const Window& window, int32_t offset, int64_t channel, float* HWY_RESTRICT sums) {
  const SumTag d;
  const hn::Rebind<uint8_t, SumTag> db;
  const hn::RebindToFloat<SumTag> df;
  const size_t lanes = hn::Lanes(d);
  const auto zero = hn::Set(d, offset);
  SumVector sum[kVectors];
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) sum[v] = hn::Zero(d);
  window.ForEach([&](const uint8_t* pixel, const int32_t* weights) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      const size_t at = static_cast<size_t>(channel) + static_cast<size_t>(v) * lanes;
      const auto integers = hn::Sub(hn::PromoteTo(d, hn::LoadU(db, pixel + at)), zero);
      sum[v] = hn::Add(sum[v], MulSmall(integers, hn::LoadU(d, weights + at)));
    }
  });
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) {
    hn::StoreU(hn::ConvertTo(df, sum[v]), df, sums + static_cast<size_t>(channel) + static_cast<size_t>(v) * lanes);
  }
}

void SumPixel(const ByteDepthwise& layer, const Window& window, float* sums) {
  const int64_t channels = layer.shape.in_channels, lanes = static_cast<int64_t>(hn::Lanes(SumTag()));
  int64_t c = 0;
  for (; c + 4 * lanes <= channels; c += 4 * lanes) SumVectors<4>(window, layer.input_offset, c, sums);
  for (; c + lanes <= channels; c += lanes) SumVectors<1>(window, layer.input_offset, c, sums);
  for (; c < channels; ++c) {
    int32_t sum = 0;
    window.ForEach(
        [&](const uint8_t* pixel, const int32_t* weights) { sum += (pixel[c] - layer.input_offset) * weights[c]; });
    sums[c] = static_cast<float>(sum);
  }
}

void RunByteDepthwise(const ByteDepthwise& layer, const ByteDepthwiseTask& task) {
  const ConvShape& s = layer.shape;
  const int64_t plane = s.out_height * s.out_width, image_bytes = s.in_height * s.in_width * s.in_channels;
  SumBlock block;
  block.sums = task.scratch;
  block.scratch = task.scratch + s.out_channels;
  block.pitch = block.channels = block.of_channels = s.out_channels;
  block.pixels = 1;
  for (int64_t pixel = task.first_pixel; pixel < task.first_pixel + task.pixels; ++pixel) {
    const Window window(layer, task.input + pixel / plane * image_bytes, pixel % plane / s.out_width,
                        pixel % s.out_width);
    SumPixel(layer, window, task.scratch);
    block.pixel = pixel;
    Finish(layer.finish, task.output, block);
  }
}

const ByteDepthwiseKernel* Kernel() {
  static const ByteDepthwiseKernel kernel = {HWY_TARGET, &RunByteDepthwise};
  return &kernel;
}

}  // namespace lowbit::runtime::kernels::depthwise_u8::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lowbit::runtime {
namespace kernels::depthwise_u8 {
namespace {

HWY_EXPORT(Kernel);
const ByteDepthwiseKernel& Choose() { return *HWY_DYNAMIC_DISPATCH(Kernel)(); }

}  // namespace
}  // namespace kernels::depthwise_u8

const ByteDepthwiseKernel& ChooseByteDepthwiseKernel() { return kernels::depthwise_u8::Choose(); }

}  // namespace lowbit::runtime
#endif
