// Split along any dimension.

#include <algorithm>
#include <utility>

#include "lowbit/core/ops_common/axis.h"
#include "lowbit/runtime/step.h"
#include "lowbit/runtime/storage_strides.h"

namespace lowbit::runtime::kernels::split {
namespace {

constexpr int64_t kTaskFloats = 1 << 14;

class SplitStep : public Step {
 public:
  // The input is [blocks][sum of pieces], output i [blocks][pieces[i]], as they are stored.
  SplitStep(int64_t blocks, std::vector<int64_t> pieces) : blocks_(blocks), pieces_(std::move(pieces)) {
    kernel = "split_f32";
    for (const int64_t piece : pieces_) block_ += piece;
  }

  void Run(const RunContext& context) const override {
    const int64_t blocks = blocks_ * context.batch, of_task = std::max<int64_t>(1, kTaskFloats / block_);
    context.pool->ParallelFor((blocks + of_task - 1) / of_task, [&](int64_t task, int) {
      const int64_t first = task * of_task, end = std::min(blocks, first + of_task);
      const float* from = context.Value(inputs[0]);
      for (size_t i = 0; i < pieces_.size(); from += pieces_[i++]) {
        float* to = context.Value(outputs[i]);
        for (int64_t b = first; b < end; ++b) std::copy_n(from + b * block_, pieces_[i], to + b * pieces_[i]);
      }
    });
  }

 private:
  int64_t blocks_;
  std::vector<int64_t> pieces_;
  int64_t block_ = 0;  // Their sum.
};

}  // namespace

std::unique_ptr<Step> Lower(size_t index, Lowering* lowering) {
  const Node& node = lowering->graph().nodes[index];
  if (node.op != "Split" || lowering->Constant(node.inputs[0]) != nullptr) return nullptr;
  const Shape& shape = lowering->ShapeOf(node.inputs[0]);
  const size_t axis = ops::ResolveAxis(IntAttribute(node, "axis", 0), shape.size()).value();
  const int64_t inner = StorageStrides(shape)[axis];
  std::vector<int64_t> pieces;
  for (const std::string& output : node.outputs) pieces.push_back(lowering->ShapeOf(output)[axis] * inner);
  auto step = std::make_unique<SplitStep>(Elements(shape) / (shape[axis] * inner), std::move(pieces));
  step->reads = {node.inputs[0]};
  step->writes = node.outputs;
  step->nodes = {index};
  return step;
}

}  // namespace lowbit::runtime::kernels::split
