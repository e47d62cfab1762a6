#include "lowbit/accelerator/descriptor.h"

namespace lowbit::accelerator {

std::array<uint32_t, kDescriptorFields> Descriptor(const Array& array, const Layer& layer) {
  const bool product = layer.kind == Layer::Kind::kProduct;
  const int32_t row = layer.in_width * layer.in_groups;
  const auto& skip = layer.skip;
  const int32_t fields[kDescriptorFields] = {(product ? 0 : 1) + (layer.raw ? 2 : 0) + (skip.used ? 4 : 0),
                                             layer.in_height,
                                             layer.in_width,
                                             layer.out_height,
                                             layer.out_width,
                                             layer.out_groups,
                                             layer.kernel_height,
                                             layer.kernel_width,
                                             product ? layer.in_groups : 1,
                                             layer.stride_y,
                                             layer.stride_x,
                                             layer.pad_top,
                                             layer.pad_left,
                                             layer.in_base - layer.pad_top * row - layer.pad_left * layer.in_groups,
                                             product ? 1 : layer.in_groups,
                                             row,
                                             layer.stride_x * layer.in_groups,
                                             layer.stride_y * row,
                                             layer.weight_base,
                                             layer.threshold_base >> array.activation.bits(),
                                             layer.out_base,
                                             skip.base - skip.first_group,
                                             skip.row,
                                             skip.column,
                                             skip.first_group,
                                             skip.groups};
  std::array<uint32_t, kDescriptorFields> words = {};
  for (size_t i = 0; i < words.size(); ++i) words[i] = static_cast<uint32_t>(fields[i]);
  return words;
}

}  // namespace lowbit::accelerator
