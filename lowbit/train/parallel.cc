#include "lowbit/train/parallel.h"

#include <ATen/Parallel.h>
#include <ATen/TensorIterator.h>
#include <torch/types.h>

#include <algorithm>

namespace lowbit::train {

void ParallelFor(int64_t count, int64_t grain, const std::function<void(int64_t begin, int64_t end)>& work) {
  const int64_t parts = std::min<int64_t>(at::get_num_threads(), (count + grain - 1) / grain);
  if (parts <= 1) {
    if (count > 0) work(0, count);
    return;
  }
  // One byte for each part: iterating over them is what libtorch itself shares out.
  const int64_t part = (count + parts - 1) / parts;
  const at::Tensor bytes = at::empty({parts}, at::kByte);
  const auto* const first = static_cast<const char*>(bytes.data_ptr());
  at::TensorIterator iterator =
      at::TensorIteratorConfig().check_all_same_dtype(false).resize_outputs(false).add_output(bytes).build();
  const auto loop = [&](char** data, const int64_t*, int64_t size) {
    const int64_t begin = (data[0] - first) * part, end = std::min(begin + size * part, count);
    if (begin < end) work(begin, end);
  };
  iterator.for_each(loop, /*grain_size=*/1);
}

}  // namespace lowbit::train
