#include "lowbit/accelerator/kernel.h"

#include <cmath>

#include "lowbit/core/structure.h"

namespace lowbit::accelerator {
namespace {

Result<std::vector<int64_t>> Integers(const Node& node, const QTensor& tensor) {
  std::vector<int64_t> integers;
  for (const float weight : Dequantize(tensor).data) {
    if (weight != std::nearbyint(weight)) return Invalid(NodePrefix(node) + "its weights are no integers");
    integers.push_back(static_cast<int64_t>(weight));
  }
  return integers;
}

}  // namespace

Result<Kernel> ReadKernel(const Graph& form, const Node& node, const CodedTensor& input) {
  const auto found = form.parameters.find(node.inputs.at(1));
  const auto* tensor = found == form.parameters.end() ? nullptr : std::get_if<QTensor>(&found->second.value);
  if (tensor == nullptr)
    return Invalid(NodePrefix(node) + "has no low-bit weights, so that its sums are none of integers");
  LOWBIT_TRY(const std::vector<int64_t> integers, Integers(node, *tensor));
  const bool conv = node.op == "Conv";
  const bool across = !conv && IntAttribute(node, "transB", 0) == 0;
  if (conv && IntAttribute(node, "group", 1) != 1)
    return Invalid(NodePrefix(node) + "has groups; the accelerator has none");
  Kernel kernel;
  kernel.out = tensor->shape[across ? 1 : 0];
  kernel.height = conv ? tensor->shape[2] : input.height;
  kernel.width = conv ? tensor->shape[3] : input.width;
  kernel.in = input.channels;
  if (static_cast<int64_t>(integers.size()) != kernel.out * kernel.RowSize()) {
    return Invalid(NodePrefix(node) + "its weights do not fit its input's channels");
  }
  kernel.weights.resize(integers.size());
  for (int64_t m = 0; m < kernel.out; ++m) {
    for (int64_t l = 0, place = 0; l < kernel.in; ++l) {
      for (int64_t i = 0; i < kernel.height; ++i) {
        for (int64_t j = 0; j < kernel.width; ++j, ++place) {
          const int64_t at = across ? place * kernel.out + m : m * kernel.RowSize() + place;
          kernel.At(m, i, j, l) = integers[static_cast<size_t>(at)];
        }
      }
    }
  }
  return kernel;
}

}  // namespace lowbit::accelerator
