#include "lowbit/train/distributed/average.h"

#include <torch/types.h>
#include <torch/utils.h>

namespace lowbit::train::distributed {
namespace {

constexpr size_t kBufferBytes = size_t{16} << 20;

using Tensors = std::vector<at::Tensor>;

// Tensors [first, end): one type and device, as many as a buffer takes, at least one.
size_t BufferEnd(const Tensors& tensors, size_t first) {
  size_t bytes = 0, end = first;
  for (; end < tensors.size(); ++end) {
    const at::Tensor& tensor = tensors[end];
    if (tensor.scalar_type() != tensors[first].scalar_type() || tensor.device() != tensors[first].device()) break;
    bytes += tensor.numel() * tensor.element_size();
    if (end > first && bytes > kBufferBytes) break;
  }
  return end;
}

void AverageBuffer(const Tensors& tensors, size_t first, size_t end, Group* group) {
  Tensors flat;
  for (size_t i = first; i < end; ++i) flat.push_back(tensors[i].detach().reshape({-1}));
  const at::Tensor buffer = at::cat(flat);
  group->Sum(buffer);
  buffer.div_(group->ranks());
  int64_t offset = 0;
  for (size_t i = first; i < end; ++i) {
    tensors[i].detach().copy_(buffer.narrow(0, offset, tensors[i].numel()).view(tensors[i].sizes()));
    offset += tensors[i].numel();
  }
}

}  // namespace

void Average(const Tensors& tensors, Group* group) {
  const at::NoGradGuard no_grad;
  for (size_t first = 0; first < tensors.size();) {
    const size_t end = BufferEnd(tensors, first);
    AverageBuffer(tensors, first, end, group);
    first = end;
  }
}

}  // namespace lowbit::train::distributed
