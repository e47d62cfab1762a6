#include "lowbit/core/ops_common/pool.h"

namespace lowbit::ops::average_pool {
namespace {

// Taps of one axis at an output position that lie in the padded input. With ceil_mode the last window may reach beyond
// the padding at the end; what lies there counts neither as a pixel nor as padding (Caffe, PyTorch, ONNX since opset 19).
int64_t PaddedTaps(const WindowAxis& axis, int64_t position) {
  const int64_t padded_end = axis.input + axis.pad_end;
  int64_t count = 0;
  for (int64_t tap = 0; tap < axis.kernel; ++tap) count += axis.At(position, tap) < padded_end ? 1 : 0;
  return count;
}

// The sum of the window's pixels by their number; with count_include_pad, padding counts as pixels of value 0.
std::vector<DoubleTensor> Evaluate(const Node& node, const std::vector<const DoubleTensor*>& inputs) {
  const Window window = ResolvePool(node, inputs[0]->shape).value();
  const bool include_pad = IntAttribute(node, "count_include_pad", 0) != 0;
  return PoolPlanes(*inputs[0], window, [&window, include_pad](const double* pixels, int64_t oy, int64_t ox) {
    double sum = 0;
    int64_t count = 0;
    VisitWindow(window, oy, ox, [&](int64_t pixel, int64_t) {
      sum += pixels[pixel];
      ++count;
    });
    if (include_pad) count = PaddedTaps(window.y, oy) * PaddedTaps(window.x, ox);
    return sum / static_cast<double>(count);
  });
}

}  // namespace

std::vector<Operator> Define() {
  return {{
      .name = "AveragePool",
      .attributes = {{"auto_pad", AttributeType::kString},
                     {"ceil_mode", AttributeType::kInt},
                     {"count_include_pad", AttributeType::kInt},
                     {"kernel_shape", AttributeType::kInts, true},
                     {"pads", AttributeType::kInts},
                     {"strides", AttributeType::kInts}},
      .infer = InferPool,
      .evaluate = Evaluate,
  }};
}

}  // namespace lowbit::ops::average_pool
