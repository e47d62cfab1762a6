// TopK: of each line the largest or smallest elements, and where they were. Numbers are compared and copied: results are the
// definition's. Where a NaN has its place the definition leaves open: here behind all numbers.

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "lowbit/core/ops_common/axis.h"
#include "lowbit/runtime/lines.h"
#include "lowbit/runtime/step.h"

namespace lowbit::runtime::kernels::top_k {
namespace {

// Integers in the order of the numbers, both zeros the same, NaN last.
uint32_t InOrder(float x) {
  if (std::isnan(x)) return std::numeric_limits<uint32_t>::max();
  x += 0.0f;  // Of -0 as well.
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof(bits));
  constexpr uint32_t kSign = 0x80000000u;
  return (bits & kSign) != 0 ? ~bits : bits | kSign;
}

class TopKStep : public Step {
 public:
  // The lines of input and outputs are counted in the same order.
  TopKStep(Lines from, Lines to, bool largest) : from_(std::move(from)), to_(std::move(to)), largest_(largest) {
    kernel = "topk_f32";
    scratch_floats = 2 * from_.Length();  // A line's keys: number, then position.
  }

  void Run(const RunContext& context) const override {
    const int64_t in = from_.Count() * from_.Length(), out = to_.Count() * to_.Length();
    ForLineGroups(context.pool, from_, context.batch, [&](int64_t image, int64_t first, int64_t count, int thread) {
      const float* x = context.Value(inputs[0]) + image * in;
      float* values = context.Value(outputs[0]) + image * out;
      float* positions = outputs.size() > 1 ? context.Value(outputs[1]) + image * out : nullptr;
      for (int64_t i = first; i < first + count; ++i) ChooseOfLine(i, x, context.Scratch(thread), values, positions);
    });
  }

 private:
  void ChooseOfLine(int64_t line, const float* x, float* scratch, float* values, float* positions) const {
    auto* keys = reinterpret_cast<uint64_t*>(scratch);
    const int64_t length = from_.Length();
    const auto at = static_cast<size_t>(line);
    const auto element = [&](int64_t k) { return x[from_.starts[at] + from_.offsets[static_cast<size_t>(k)]]; };
    for (int64_t k = 0; k < length; ++k) {
      keys[k] = uint64_t{InOrder(largest_ ? -element(k) : element(k))} << 32 | static_cast<uint64_t>(k);
    }
    std::partial_sort(keys, keys + to_.Length(), keys + length);
    for (int64_t k = 0; k < to_.Length(); ++k) {
      const int64_t place = to_.starts[at] + to_.offsets[static_cast<size_t>(k)];
      const auto position = static_cast<int64_t>(keys[k] & 0xFFFFFFFFu);
      values[place] = element(position);
      if (positions != nullptr) positions[place] = static_cast<float>(position);
    }
  }

  Lines from_, to_;
  bool largest_;
};

}  // namespace

std::unique_ptr<Step> Lower(size_t index, Lowering* lowering) {
  const Node& node = lowering->graph().nodes[index];
  if (node.op != "TopK" || lowering->Constant(node.inputs[0]) != nullptr) return nullptr;
  const Shape &from = lowering->ShapeOf(node.inputs[0]), &to = lowering->ShapeOf(node.outputs[0]);
  const size_t axis = ops::ResolveAxis(IntAttribute(node, "axis", -1), from.size()).value();
  auto step =
      std::make_unique<TopKStep>(MakeLines(from, {axis}), MakeLines(to, {axis}), IntAttribute(node, "largest", 1) != 0);
  step->reads = {node.inputs[0]};
  step->writes = node.outputs;
  step->nodes = {index};
  return step;
}

}  // namespace lowbit::runtime::kernels::top_k
