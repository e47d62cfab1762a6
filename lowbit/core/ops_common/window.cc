#include "lowbit/core/ops_common/window.h"

#include <algorithm>

#include "lowbit/base/suggest.h"

namespace lowbit::ops {
namespace {

template <size_t kCount>
Status ReadExtents(const Node& node, const std::string& name, int64_t min, std::array<int64_t, kCount>* values) {
  const std::vector<int64_t> list = IntsAttribute(node, name, std::vector<int64_t>(values->begin(), values->end()));
  if (list.size() != kCount) {
    return Invalid("attribute '" + name + "' has " + std::to_string(list.size()) + " entries; expected " +
                   std::to_string(kCount));
  }
  for (const int64_t value : list) {
    if (value >= min && value <= kMaxWindowExtent) continue;
    return Invalid("attribute '" + name + "' has the entry " + std::to_string(value) + "; each must be in " +
                   std::to_string(min) + ".." + std::to_string(kMaxWindowExtent));
  }
  std::copy(list.begin(), list.end(), values->begin());
  return Ok();
}

void PadToSame(bool upper, WindowAxis* axis) {
  axis->output = (axis->input + axis->stride - 1) / axis->stride;
  const int64_t total = std::max<int64_t>(0, (axis->output - 1) * axis->stride + axis->Span() - axis->input);
  axis->pad_begin = upper ? total / 2 : total - total / 2;
  axis->pad_end = total - axis->pad_begin;
}

Status SlideOver(bool ceil_mode, WindowAxis* axis) {
  const int64_t room = axis->input + axis->pad_begin + axis->pad_end - axis->Span();
  if (room < 0) {
    return Invalid("a window of " + std::to_string(axis->Span()) + " pixels is larger than the padded input of " +
                   std::to_string(room + axis->Span()));
  }
  axis->output = (ceil_mode ? room + axis->stride - 1 : room) / axis->stride + 1;
  if (ceil_mode && (axis->output - 1) * axis->stride >= axis->input + axis->pad_begin) --axis->output;
  return Ok();
}

Status ResolveAxisOutput(const std::string& auto_pad, bool ceil_mode, WindowAxis* axis) {
  if (auto_pad == "NOTSET") return SlideOver(ceil_mode, axis);
  if (auto_pad == "VALID") return SlideOver(false, axis);
  PadToSame(auto_pad == "SAME_UPPER", axis);
  return Ok();
}

}  // namespace

Result<WindowAttributes> ReadWindowAttributes(const Node& node) {
  WindowAttributes result;
  LOWBIT_RETURN_IF_ERROR(ReadExtents(node, "strides", 1, &result.strides));
  LOWBIT_RETURN_IF_ERROR(ReadExtents(node, "dilations", 1, &result.dilations));
  LOWBIT_RETURN_IF_ERROR(ReadExtents(node, "pads", 0, &result.pads));
  result.auto_pad = StringAttribute(node, "auto_pad", result.auto_pad);
  static const std::vector<std::string> known = {"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"};
  if (std::find(known.begin(), known.end(), result.auto_pad) == known.end()) {
    return Invalid(UnknownName("auto_pad", result.auto_pad, known));
  }
  const bool has_pads = std::any_of(result.pads.begin(), result.pads.end(), [](int64_t pad) { return pad != 0; });
  if (has_pads && result.auto_pad != "NOTSET") return Invalid("pads and auto_pad may not be used together");
  return result;
}

Result<Window> ResolveWindow(const Node& node, const Shape& input, const std::vector<int64_t>& kernel) {
  if (input.size() != 4) return Invalid("input must be [N, C, H, W]; it has shape " + ToString(input));
  if (kernel.size() != 2) return Invalid("kernel must have 2 extents; it has " + std::to_string(kernel.size()));
  LOWBIT_TRY(const WindowAttributes attributes, ReadWindowAttributes(node));
  const bool ceil_mode = IntAttribute(node, "ceil_mode", 0) != 0;
  Window window;
  for (size_t i = 0; i < 2; ++i) {
    if (kernel[i] < 1 || kernel[i] > kMaxWindowExtent) {
      return Invalid("kernel extent " + std::to_string(kernel[i]) + " must be in 1.." +
                     std::to_string(kMaxWindowExtent));
    }
    WindowAxis& axis = i == 0 ? window.y : window.x;
    axis.input = input[2 + i];
    axis.kernel = kernel[i];
    axis.stride = attributes.strides[i];
    axis.dilation = attributes.dilations[i];
    axis.pad_begin = attributes.pads[i];
    axis.pad_end = attributes.pads[2 + i];
    LOWBIT_RETURN_IF_ERROR(ResolveAxisOutput(attributes.auto_pad, ceil_mode, &axis));
  }
  return window;
}

}  // namespace lowbit::ops
