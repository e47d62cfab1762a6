// TopK: of each line the largest or smallest elements, and where they were. Numbers are compared and copied: results are the
// definition's. Where a NaN has its place the definition leaves open: here behind all numbers.

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "lowbit/core/ops_common/axis.h"
#include "lowbit/runtime/lines.h"
#include "lowbit/runtime/step.h"

namespace lowbit::runtime::kernels::top_k {
namespace {

class TopKStep : public Step {
 public:
  // The lines of input and outputs are counted in the same order.
  TopKStep(Lines from, Lines to, bool largest) : from_(std::move(from)), to_(std::move(to)), largest_(largest) {
    kernel = "topk_f32";
    scratch_floats = 2 * from_.Length();  // A line's numbers, and their order.
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
    const int64_t length = from_.Length();
    auto* order = reinterpret_cast<int32_t*>(scratch + length);
    const auto at = static_cast<size_t>(line);
    for (int64_t k = 0; k < length; ++k) {
      // Ascending in either case.
      const float v = x[from_.starts[at] + from_.offsets[static_cast<size_t>(k)]];
      scratch[k] = largest_ ? -v : v;
    }
    std::iota(order, order + length, 0);
    std::partial_sort(order, order + to_.Length(), order + length, [&](int32_t a, int32_t b) {
      const bool a_less = scratch[a] < scratch[b], b_less = scratch[b] < scratch[a];
      if (a_less || b_less) return a_less;
      const bool a_nan = std::isnan(scratch[a]), b_nan = std::isnan(scratch[b]);
      return a_nan == b_nan ? a < b : b_nan;
    });
    for (int64_t k = 0; k < to_.Length(); ++k) {
      const int64_t place = to_.starts[at] + to_.offsets[static_cast<size_t>(k)];
      values[place] = x[from_.starts[at] + from_.offsets[static_cast<size_t>(order[k])]];
      if (positions != nullptr) positions[place] = static_cast<float>(order[k]);
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
