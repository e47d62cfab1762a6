#include "lowbit/runtime/kernels/broadcast/loops.h"

#include "lowbit/runtime/storage_strides.h"

namespace lowbit::runtime {
namespace {

// The operand's strides along the output's dimensions: 0 where it is repeated.
std::vector<int64_t> RepeatedStrides(const Shape& operand, size_t rank) {
  const std::vector<int64_t> own = StorageStrides(operand);
  std::vector<int64_t> strides(rank, 0);
  for (size_t d = 0; d < operand.size(); ++d) {
    if (operand[d] != 1) strides[rank - operand.size() + d] = own[d];
  }
  return strides;
}

}  // namespace

BroadcastLoops::BroadcastLoops(const Shape& output, const std::vector<Shape>& operands) : strides(operands.size()) {
  std::vector<std::vector<int64_t>> all;
  all.reserve(operands.size());
  for (const Shape& operand : operands) all.push_back(RepeatedStrides(operand, output.size()));
  const auto continues = [&](size_t d) {  // The last loop, as a part of one over d.
    for (size_t k = 0; k < all.size(); ++k) {
      if (strides[k].back() != all[k][d] * output[d]) return false;
    }
    return true;
  };
  for (const size_t d : StorageOrder(output.size())) {
    if (output[d] == 1) continue;
    const bool merge = !extents.empty() && continues(d);
    if (!merge) extents.push_back(1);
    extents.back() *= output[d];
    for (size_t k = 0; k < all.size(); ++k) {
      if (!merge) strides[k].push_back(0);
      strides[k].back() = all[k][d];
    }
  }
  row_steps.assign(operands.size(), 0);
  if (extents.empty()) return;
  row = extents.back();
  extents.pop_back();
  for (size_t k = 0; k < all.size(); ++k) {
    row_steps[k] = strides[k].back();
    strides[k].pop_back();
  }
}

}  // namespace lowbit::runtime
