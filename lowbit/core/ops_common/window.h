#ifndef LOWBIT_CORE_OPS_COMMON_WINDOW_H_
#define LOWBIT_CORE_OPS_COMMON_WINDOW_H_

// The geometry of a window that slides over the two image dimensions of [N, C, H, W]: what Conv, MaxPool and
// AveragePool share. Executors may use it too, so that padding is resolved in one place.

#include <array>
#include <cstdint>
#include <vector>

#include "lowbit/core/operator.h"

namespace lowbit::ops {

// Kernels, strides, dilations and pads may not exceed this; it keeps every product of them far from overflow.
inline constexpr int64_t kMaxWindowExtent = int64_t{1} << 20;

// One image dimension. Tap k of output position o reads the input at o * stride - pad_begin + k * dilation.
struct WindowAxis {
  int64_t input = 1, output = 1;
  int64_t kernel = 1, stride = 1, dilation = 1;
  int64_t pad_begin = 0, pad_end = 0;

  int64_t At(int64_t position, int64_t tap) const { return position * stride - pad_begin + tap * dilation; }
  // Pixels from the first tap to the last.
  int64_t Span() const { return (kernel - 1) * dilation + 1; }
};

struct Window {
  WindowAxis y, x;

  int64_t InputPlane() const { return y.input * x.input; }
  int64_t OutputPlane() const { return y.output * x.output; }
};

// Strides, dilations, pads and auto_pad as a node gives them, two of each, with ONNX's defaults.
struct WindowAttributes {
  std::array<int64_t, 2> strides = {1, 1}, dilations = {1, 1};
  std::array<int64_t, 4> pads = {0, 0, 0, 0};  // Begin y, begin x, end y, end x.
  std::string auto_pad = "NOTSET";
};

// Errors: a list of another length, a stride or dilation below 1, a negative pad, pads beside auto_pad, an unknown
// auto_pad, a value above kMaxWindowExtent.
Result<WindowAttributes> ReadWindowAttributes(const Node& node);

// The window of `node` over an input [N, C, H, W], from its attributes strides, pads, dilations, auto_pad and
// ceil_mode. `kernel` is [height, width].
//
// Output extent, with span = (kernel - 1) * dilation + 1:
//   NOTSET      floor((input + pads - span) / stride) + 1; with ceil_mode, ceil in the place of floor, but a last
//               window that would start beyond the input and the padding before it (in the padding after it) is
//               dropped, as Caffe does and ONNX since opset 19
//   VALID       the same without pads; ceil_mode has no effect
//   SAME_UPPER  ceil(input / stride), with the pads that this needs; an odd one goes to the end (SAME_LOWER: begin)
//
// Errors: as ReadWindowAttributes; an input that is not 4-D; a kernel extent below 1; a window larger than the padded
// input.
Result<Window> ResolveWindow(const Node& node, const Shape& input, const std::vector<int64_t>& kernel);

// Calls visit(pixel, tap) for each tap of the window at output position (out_y, out_x) that lies inside the input;
// pixel indexes a [H, W] plane, tap the [kernel height, kernel width] taps.
template <typename Visit>
void VisitWindow(const Window& window, int64_t out_y, int64_t out_x, Visit visit) {
  for (int64_t ky = 0; ky < window.y.kernel; ++ky) {
    const int64_t y = window.y.At(out_y, ky);
    if (y < 0 || y >= window.y.input) continue;
    for (int64_t kx = 0; kx < window.x.kernel; ++kx) {
      const int64_t x = window.x.At(out_x, kx);
      if (x < 0 || x >= window.x.input) continue;
      visit(y * window.x.input + x, ky * window.x.kernel + kx);
    }
  }
}

}  // namespace lowbit::ops

#endif  // LOWBIT_CORE_OPS_COMMON_WINDOW_H_
