// Functions of the elements of several values that broadcast to each other, constants among them: what the kernel
// `affine`, which computes by channels, cannot take.

#include <algorithm>
#include <utility>

#include "lowbit/runtime/kernel_name.h"
#include "lowbit/runtime/kernels/broadcast/loops.h"
#include "lowbit/runtime/kernels/broadcast/rows.h"
#include "lowbit/runtime/step.h"
#include "lowbit/runtime/stored_constant.h"

namespace lowbit::runtime::kernels::broadcast {
namespace {

constexpr int64_t kTaskFloats = 1 << 14;

// A constant in the runtime's order; empty where the operand is computed.
using Constant = std::vector<float>;

class BroadcastStep : public Step {
 public:
  BroadcastStep(const Node& node, const Shape& output, const std::vector<Shape>& operands,
                std::vector<Constant> constants)
      : function_(FindRowFunction(node)), loops_(output, operands), constants_(std::move(constants)) {
    kernel = KernelName(node.op, "f32");
    for (const Shape& operand : operands) floats_.push_back(Elements(operand));
  }

  void Run(const RunContext& context) const override {
    const int64_t rows = loops_.Rows(), rows_of_task = std::max<int64_t>(1, kTaskFloats / loops_.row);
    const int64_t tasks = (rows + rows_of_task - 1) / rows_of_task;
    context.pool->ParallelFor(tasks * context.batch, [&](int64_t i, int) {
      const int64_t first = i % tasks * rows_of_task;
      RunRows(context, i / tasks, first, std::min(rows, first + rows_of_task));
    });
  }

 private:
  // Of one of the batch's images, if the plan is one for an image.
  void RunRows(const RunContext& context, int64_t image, int64_t first, int64_t end) const {
    std::vector<RowOperand> starts(constants_.size()), operands(constants_.size());
    size_t next = 0;
    for (size_t k = 0; k < starts.size(); ++k) {
      const bool computed = constants_[k].empty();
      starts[k] = {computed ? context.Value(inputs[next++]) + image * floats_[k] : constants_[k].data(),
                   loops_.row_steps[k]};
    }
    float* output = context.Value(outputs[0]) + image * loops_.Rows() * loops_.row;
    loops_.ForRows(first, end, [&](int64_t row, const std::vector<int64_t>& offsets) {
      for (size_t k = 0; k < operands.size(); ++k) operands[k] = {starts[k].data + offsets[k], starts[k].step};
      function_(operands.data(), operands.size(), loops_.row, output + row * loops_.row);
    });
  }

  RowFunction function_;
  BroadcastLoops loops_;
  std::vector<Constant> constants_;
  std::vector<int64_t> floats_;  // Of each operand, in the plan's shape.
};

}  // namespace

std::unique_ptr<Step> Lower(size_t index, Lowering* lowering) {
  const Node& node = lowering->graph().nodes[index];
  if (FindRowFunction(node) == nullptr) return nullptr;
  const Shape& output = lowering->ShapeOf(node.outputs[0]);
  if (Elements(output) == 0) return nullptr;
  std::vector<Shape> shapes;
  std::vector<Constant> constants;
  std::vector<std::string> reads;
  for (const std::string& input : node.inputs) {
    const Shape& shape = lowering->ShapeOf(input);
    shapes.push_back(shape);
    const Parameter* constant = lowering->Constant(input);
    constants.push_back(constant == nullptr ? Constant() : StoredConstant(*constant));
    if (constant != nullptr) continue;
    // A batch counts along the first dimension of each computed value: it has to be the output's.
    if (shape.size() != output.size() && lowering->TakesAnyBatch()) return nullptr;
    reads.push_back(input);
  }
  auto step = std::make_unique<BroadcastStep>(node, output, shapes, std::move(constants));
  step->reads = std::move(reads);
  step->writes = {node.outputs[0]};
  step->nodes = {index};
  return step;
}

}  // namespace lowbit::runtime::kernels::broadcast
