#include "lowbit/core/ops_common/pool.h"

#include <algorithm>

namespace lowbit::ops {
namespace {

Status CheckEachWindowSeesAPixel(const WindowAxis& axis) {
  const int64_t pad = std::max(axis.pad_begin, axis.pad_end);
  if (pad >= axis.Span()) {
    return Invalid("a pad of " + std::to_string(pad) + " must be smaller than the window of " +
                   std::to_string(axis.Span()) + " pixels");
  }
  if (axis.pad_begin > 0 && axis.dilation > axis.input) {
    return Invalid("a dilation of " + std::to_string(axis.dilation) + " steps over the padded input of " +
                   std::to_string(axis.input) + " pixels");
  }
  return Ok();
}

}  // namespace

Result<Window> ResolvePool(const Node& node, const Shape& input) {
  LOWBIT_TRY(const Window window, ResolveWindow(node, input, IntsAttribute(node, "kernel_shape", {})));
  LOWBIT_RETURN_IF_ERROR(CheckEachWindowSeesAPixel(window.y));
  LOWBIT_RETURN_IF_ERROR(CheckEachWindowSeesAPixel(window.x));
  return window;
}

Result<std::vector<Shape>> InferPool(const Node& node, const std::vector<InputView>& inputs) {
  const Shape& input = inputs[0].shape;
  LOWBIT_TRY(const Window window, ResolvePool(node, input));
  return std::vector<Shape>{{input[0], input[1], window.y.output, window.x.output}};
}

}  // namespace lowbit::ops
