// Gather, GatherElements and GatherND with computed indices; ScatterElements and ScatterND. Elements are copied, or combined in the
// definition's order, in doubles where order counts: results are its.

#include <algorithm>
#include <iterator>
#include <utility>

#include "lowbit/runtime/kernel_name.h"
#include "lowbit/runtime/kernels/look_up/places.h"
#include "lowbit/runtime/operand.h"
#include "lowbit/runtime/step.h"
#include "lowbit/runtime/task_size.h"

namespace lowbit::runtime::kernels::look_up {
namespace {

constexpr int64_t kTaskFloats = 1 << 12;
// Finding the runs takes some 50 bytes an element while a network is loaded, and keeps 24 a run.
constexpr int64_t kMostElements = int64_t{1} << 22, kMostTable = int64_t{1} << 31;

class GatherStep : public Step {
 public:
  GatherStep(const Node& node, LookUps look_ups, std::vector<Operand> operands, int64_t floats)
      : look_ups_(std::move(look_ups)),
        table_(std::move(operands[0])),
        indices_(std::move(operands[1])),
        floats_(floats) {
    kernel = KernelName(node.op, "f32");
    tasks_ = FirstRunsOfTasks(look_ups_.runs.size(), kTaskFloats, [&](size_t r) { return look_ups_.runs[r].moved; });
  }

  void Run(const RunContext& context) const override {
    const int64_t tasks = static_cast<int64_t>(tasks_.size()) - 1;
    context.pool->ParallelFor(tasks * context.batch, [&](int64_t i, int) {
      const int64_t image = i / tasks;
      const auto task = static_cast<size_t>(i % tasks);
      const float *table = table_.Of(image, context, inputs), *indices = indices_.Of(image, context, inputs);
      float* to = context.Value(outputs[0]) + image * floats_;
      for (size_t r = tasks_[task]; r < tasks_[task + 1]; ++r) {
        const LookUpRun& run = look_ups_.runs[r];
        const float* from = table + run.table + look_ups_.Shift(indices + run.index);
        if (run.table_step == 1) {
          std::copy_n(from, run.count, to + run.moved);
        } else {
          for (int64_t k = 0; k < run.count; ++k) to[run.moved + k] = from[k * run.table_step];
        }
      }
    });
  }

 private:
  LookUps look_ups_;
  Operand table_, indices_;
  std::vector<size_t> tasks_;  // The first run of each, and the end.
  int64_t floats_;             // Of the output, in the plan's shape.
};

// Two updates of one element meet in order: each image is one task.
class ScatterStep : public Step {
 public:
  ScatterStep(const Node& node, LookUps look_ups, std::vector<Operand> operands)
      : reduction_(ReadReduction(node)), look_ups_(std::move(look_ups)), operands_(std::move(operands)) {
    kernel = KernelName(node.op, "f32");
    if (InDoubles()) scratch_floats = 2 * operands_[0].floats;
  }

  void Run(const RunContext& context) const override {
    context.pool->ParallelFor(context.batch, [&](int64_t image, int thread) {
      const float* table = operands_[0].Of(image, context, inputs);
      const int64_t floats = operands_[0].floats;
      float* y = context.Value(outputs[0]) + image * floats;
      if (InDoubles()) {
        auto* sums = reinterpret_cast<double*>(context.Scratch(thread));
        std::copy_n(table, floats, sums);
        Update(context, image, sums);
        std::transform(sums, sums + floats, y, [](double v) { return static_cast<float>(v); });
      } else {
        std::copy_n(table, floats, y);
        Update(context, image, y);
      }
    });
  }

 private:
  enum class Reduction : uint8_t { kNone, kAdd, kMul, kMax, kMin };

  static Reduction ReadReduction(const Node& node) {
    static const char* const names[] = {"none", "add", "mul", "max", "min"};
    const auto* found = std::find(std::begin(names), std::end(names), StringAttribute(node, "reduction", "none"));
    return static_cast<Reduction>(found - std::begin(names));
  }

  bool InDoubles() const { return reduction_ == Reduction::kAdd || reduction_ == Reduction::kMul; }

  template <typename T>
  void Update(const RunContext& context, int64_t image, T* y) const {
    switch (reduction_) {
      case Reduction::kNone:
        return Update(context, image, y, [](T, T update) { return update; });
      case Reduction::kAdd:
        return Update(context, image, y, [](T old, T update) { return old + update; });
      case Reduction::kMul:
        return Update(context, image, y, [](T old, T update) { return old * update; });
      case Reduction::kMax:
        return Update(context, image, y, [](T old, T update) { return std::max(old, update); });
      case Reduction::kMin:
        return Update(context, image, y, [](T old, T update) { return std::min(old, update); });
    }
  }

  template <typename T, typename Combine>
  void Update(const RunContext& context, int64_t image, T* y, const Combine& combine) const {
    const float *indices = operands_[1].Of(image, context, inputs), *updates = operands_[2].Of(image, context, inputs);
    for (const LookUpRun& run : look_ups_.runs) {
      T* to = y + run.table + look_ups_.Shift(indices + run.index);
      const float* from = updates + run.moved;
      for (int64_t k = 0; k < run.count; ++k, to += run.table_step, from += run.moved_step) {
        *to = combine(*to, T{*from});
      }
    }
  }

  Reduction reduction_;
  LookUps look_ups_;
  std::vector<Operand> operands_;  // Data, indices, updates.
};

bool IsAny(const std::string& op, std::initializer_list<const char*> names) {
  return std::any_of(names.begin(), names.end(), [&](const char* name) { return op == name; });
}

}  // namespace

std::unique_ptr<Step> Lower(size_t index, Lowering* lowering) {
  const Node& node = lowering->graph().nodes[index];
  const bool scatters = IsAny(node.op, {"ScatterElements", "ScatterND"});
  if (!scatters && !IsAny(node.op, {"Gather", "GatherElements", "GatherND"})) return nullptr;
  // What is read at known places is copied (strided_copy).
  if (!scatters && lowering->Constant(node.inputs[1]) != nullptr) return nullptr;
  const Shape &table = lowering->ShapeOf(node.inputs[0]), &indices = lowering->ShapeOf(node.inputs[1]),
              &moved = scatters ? lowering->ShapeOf(node.inputs[2]) : lowering->ShapeOf(node.outputs[0]);
  const bool too_many = Elements(table) >= kMostTable || Elements(indices) >= kMostTable;
  if (Elements(moved) > kMostElements || too_many) return nullptr;
  std::vector<Operand> operands;
  std::vector<std::string> reads;
  for (const std::string& input : node.inputs) {
    // An image's part of a constant is not the same for all, unless indices name rows of it.
    const bool same = !scatters && IntAttribute(node, "axis", 0) == 0;
    if (lowering->Constant(input) != nullptr && lowering->TakesAnyBatch() && !same) return nullptr;
    operands.push_back(ReadOperand(input, *lowering, &reads));
  }
  LookUps look_ups = FindLookUps(node, table, indices, !scatters);
  std::unique_ptr<Step> step;
  if (scatters) {
    step = std::make_unique<ScatterStep>(node, std::move(look_ups), std::move(operands));
  } else {
    step = std::make_unique<GatherStep>(node, std::move(look_ups), std::move(operands), Elements(moved));
  }
  step->reads = std::move(reads);
  step->writes = {node.outputs[0]};
  step->nodes = {index};
  return step;
}

}  // namespace lowbit::runtime::kernels::look_up
