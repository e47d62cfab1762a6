// Softmax in float vectors, and by its definition in networks of integers, where every bit counts; its relatives, LRN and CumSum always
// by their definitions: each line along an axis becomes another.

#include <algorithm>
#include <utility>

#include "hwy/targets.h"
#include "lowbit/core/operator.h"
#include "lowbit/core/ops_common/axis.h"
#include "lowbit/runtime/kernel_name.h"
#include "lowbit/runtime/kernels/softmax/kernel.h"
#include "lowbit/runtime/lines.h"
#include "lowbit/runtime/step.h"

namespace lowbit::runtime::kernels::softmax {
namespace {

class LineStep : public Step {
 public:
  LineStep(Lines lines, int64_t floats) : lines_(std::move(lines)), floats_(floats) {
    scratch_floats = lines_.Length();
  }

  void Run(const RunContext& context) const override {
    ForLineGroups(context.pool, lines_, context.batch, [&](int64_t image, int64_t first, int64_t count, int thread) {
      const float* x = context.Value(inputs[0]) + image * floats_;
      float* y = context.Value(outputs[0]) + image * floats_;
      for (int64_t i = first; i < first + count; ++i) {
        const int64_t start = lines_.starts[static_cast<size_t>(i)];
        ChangeLine(x + start, context.Scratch(thread), y + start);
      }
    });
  }

 protected:
  int64_t Length() const { return lines_.Length(); }

 private:
  virtual void Change(const float* x, float* y) const = 0;

  // Through a buffer where the elements of a line are apart.
  void ChangeLine(const float* x, float* line, float* y) const {
    if (lines_.Contiguous()) return Change(x, y);
    for (size_t k = 0; k < lines_.offsets.size(); ++k) line[k] = x[lines_.offsets[k]];
    Change(line, line);
    for (size_t k = 0; k < lines_.offsets.size(); ++k) y[lines_.offsets[k]] = line[k];
  }

  Lines lines_;
  int64_t floats_;  // In the plan's shape.
};

class SoftmaxStep : public LineStep {
 public:
  SoftmaxStep(Lines lines, int64_t floats) : LineStep(std::move(lines), floats), kernel_(ChooseSoftmaxKernel()) {
    kernel = "softmax_f32";
    target = hwy::TargetName(kernel_.target);
  }

 private:
  void Change(const float* x, float* y) const override { kernel_.run(Length(), x, y); }

  const SoftmaxKernel& kernel_;
};

// The definition on a value of one line.
class DefinitionStep : public LineStep {
 public:
  DefinitionStep(Node node, Lines lines, int64_t floats) : LineStep(std::move(lines), floats), node_(std::move(node)) {
    kernel = KernelName(node_.op, "f64");
    if (node_.op != "LRN" && node_.op != "CumSum") node_.attributes["axis"] = int64_t{1};
  }

 private:
  void Change(const float* x, float* y) const override {
    const DoubleTensor line({1, Length()}, std::vector<double>(x, x + Length())), one({}, {1});
    const DoubleTensor result = FindOperator(node_.op)->evaluate(node_, {&line, &one})[0];
    std::copy(result.data.begin(), result.data.end(), y);
  }

  Node node_;
};

// The dimension that the node's lines lie along; false if it is none of these, or not known.
bool ReadAxis(const Node& node, const Lowering& lowering, size_t* axis) {
  int64_t named = 1;  // LRN's.
  if (node.op == "CumSum") {
    const Parameter* parameter = lowering.Constant(node.inputs[1]);
    const auto* integers = parameter == nullptr ? nullptr : std::get_if<Int64Tensor>(&parameter->value);
    if (integers == nullptr) return false;
    named = integers->data[0];
  } else if (node.op != "LRN") {
    static const char* const operators[] = {"Hardmax", "LogSoftmax", "LpNormalization", "Softmax"};
    if (std::find(std::begin(operators), std::end(operators), node.op) == std::end(operators)) return false;
    named = IntAttribute(node, "axis", -1);
  }
  *axis = ops::ResolveAxis(named, lowering.ShapeOf(node.inputs[0]).size()).value();
  return true;
}

}  // namespace

std::unique_ptr<Step> Lower(size_t index, Lowering* lowering) {
  const Node& node = lowering->graph().nodes[index];
  size_t axis = 0;
  if (!ReadAxis(node, *lowering, &axis) || lowering->Constant(node.inputs[0]) != nullptr) return nullptr;
  const Shape& shape = lowering->ShapeOf(node.inputs[0]);
  const int64_t floats = Elements(shape);
  if (floats == 0) return nullptr;
  Lines lines = MakeLines(shape, {axis});
  std::unique_ptr<Step> step;
  if (node.op == "Softmax" && !lowering->InIntegers()) {
    step = std::make_unique<SoftmaxStep>(std::move(lines), floats);
  } else {
    step = std::make_unique<DefinitionStep>(node, std::move(lines), floats);
  }
  step->reads = {node.inputs[0]};
  step->writes = {node.outputs[0]};
  step->nodes = {index};
  return step;
}

}  // namespace lowbit::runtime::kernels::softmax
