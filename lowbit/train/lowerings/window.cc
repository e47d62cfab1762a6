#include "lowbit/train/lowerings/window.h"

#include <torch/torch.h>

#include <algorithm>

namespace lowbit::train {

Window Window::Of(const Node& node, const std::vector<int64_t>& kernel) {
  const size_t n = kernel.size();
  const std::vector<int64_t> ones(n, 1);
  Window window;
  window.kernel = kernel;
  window.strides = IntsAttribute(node, "strides", ones);
  window.dilations = IntsAttribute(node, "dilations", ones);
  window.auto_pad = StringAttribute(node, "auto_pad", "NOTSET");
  window.ceil = IntAttribute(node, "ceil_mode", 0) != 0;
  std::vector<int64_t> pads = IntsAttribute(node, "pads", std::vector<int64_t>(2 * n, 0));
  if (window.auto_pad != "NOTSET") pads.assign(2 * n, 0);
  const auto middle = pads.begin() + static_cast<std::ptrdiff_t>(n);
  window.begin.assign(pads.begin(), middle);
  window.end.assign(middle, pads.end());
  return window;
}

Window Window::Resolved(const at::Tensor& input) const {
  Window window = *this;
  if (auto_pad != "SAME_UPPER" && auto_pad != "SAME_LOWER") return window;
  for (size_t d = 0; d < dimensions(); ++d) {
    const int64_t extent = input.size(static_cast<int64_t>(d) + 2);
    const int64_t outputs = (extent + strides[d] - 1) / strides[d];
    const int64_t total = std::max<int64_t>((outputs - 1) * strides[d] + Span(d) - extent, 0);
    window.begin[d] = auto_pad == "SAME_UPPER" ? total / 2 : total - total / 2;
    window.end[d] = total - window.begin[d];
  }
  return window;
}

at::Tensor PadSpatial(const at::Tensor& input, const std::vector<int64_t>& begin, const std::vector<int64_t>& end,
                      double value) {
  std::vector<int64_t> innermost_first;
  for (size_t d = begin.size(); d-- > 0;) {
    innermost_first.push_back(begin[d]);
    innermost_first.push_back(end[d]);
  }
  return at::constant_pad_nd(input, innermost_first, value);
}

}  // namespace lowbit::train
