#include "lowbit/core/ops_common/integers.h"

#include <algorithm>

namespace lowbit::ops {
namespace {

template <typename T>
std::vector<int64_t> Clamp(const std::vector<T>& values) {
  std::vector<int64_t> result;
  result.reserve(values.size());
  for (const T value : values) {
    result.push_back(
        static_cast<int64_t>(std::clamp(value, static_cast<T>(-kIntegerLimit), static_cast<T>(kIntegerLimit))));
  }
  return result;
}

}  // namespace

Result<std::vector<int64_t>> ReadIntegers(const std::vector<InputView>& inputs, size_t i,
                                          const std::vector<int64_t>& otherwise) {
  if (i >= inputs.size() || !inputs[i].present) return otherwise;
  if (inputs[i].shape.size() > 1) {
    return Invalid("input " + std::to_string(i) + " must be a list of integers or one; it has shape " +
                   ToString(inputs[i].shape));
  }
  return Clamp(inputs[i].integers->data);
}

std::vector<int64_t> ReadIntegers(const std::vector<const DoubleTensor*>& inputs, size_t i,
                                  const std::vector<int64_t>& otherwise) {
  if (i >= inputs.size() || inputs[i] == nullptr) return otherwise;
  return Clamp(inputs[i]->data);
}

}  // namespace lowbit::ops
