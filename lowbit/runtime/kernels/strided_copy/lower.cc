// Operators that put elements at other places and compute nothing: Gather with known indices, Expand, Tile, the cases
// of Slice, Pad, Concat and changes of shape that have no kernel of their own. Where each element comes from is what
// the operator's definition makes of the numbers 1, 2, 3, ...

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "lowbit/core/operator.h"
#include "lowbit/runtime/fallback.h"
#include "lowbit/runtime/kernel_name.h"
#include "lowbit/runtime/kernels/strided_copy/runs.h"
#include "lowbit/runtime/layout.h"
#include "lowbit/runtime/step.h"
#include "lowbit/runtime/stored_constant.h"
#include "lowbit/runtime/task_size.h"

namespace lowbit::runtime::kernels::strided_copy {
namespace {

constexpr int64_t kTaskFloats = 1 << 14;
// Finding runs takes some 40 bytes an element while a network is loaded, and keeps 24 a run.
constexpr int64_t kMostElements = int64_t{1} << 22;
constexpr size_t kMostRuns = size_t{1} << 21;

// One operand that elements come from: computed, or a constant in the runtime's order.
struct Source {
  std::vector<float> constant;
  int64_t floats = 0;  // In the plan's shape.
  int input = -1;      // Of the step; -1: a constant.
};

class CopyStep : public Step {
 public:
  CopyStep(const std::string& op, std::vector<Source> sources, std::vector<CopyRun> runs, float fill, int64_t floats)
      : sources_(std::move(sources)), runs_(std::move(runs)), fill_(fill), floats_(floats) {
    kernel = KernelName(op, "f32");
    tasks_ = FirstRunsOfTasks(runs_.size(), kTaskFloats, [&](size_t r) { return runs_[r].to; });
  }

  void Run(const RunContext& context) const override {
    const int64_t tasks = static_cast<int64_t>(tasks_.size()) - 1;
    context.pool->ParallelFor(tasks * context.batch, [&](int64_t i, int) {
      const int64_t image = i / tasks;
      const auto task = static_cast<size_t>(i % tasks);
      float* to = context.Value(outputs[0]) + image * floats_;
      for (size_t r = tasks_[task]; r < tasks_[task + 1]; ++r) Copy(runs_[r], context, image, to + runs_[r].to);
    });
  }

 private:
  void Copy(const CopyRun& run, const RunContext& context, int64_t image, float* to) const {
    if (run.from < 0) {
      std::fill_n(to, run.count, fill_);
      return;
    }
    const Source& source = sources_[static_cast<size_t>(run.source)];
    const float* from = source.constant.data();
    if (source.input >= 0) from = context.Value(inputs[static_cast<size_t>(source.input)]) + image * source.floats;
    from += run.from;
    if (run.step == 1) {
      std::copy_n(from, run.count, to);
    } else {
      for (int32_t i = 0; i < run.count; ++i) to[i] = from[static_cast<int64_t>(i) * run.step];
    }
  }

  std::vector<Source> sources_;
  std::vector<CopyRun> runs_;
  std::vector<size_t> tasks_;  // The first run of each, and the end.
  float fill_;
  int64_t floats_;  // Of the output, in the plan's shape.
};

// How many of the node's inputs hold the elements that are moved; 0 of operators that compute.
size_t MovedInputs(const Node& node) {
  static const char* const movers[] = {"DepthToSpace", "Expand", "Flatten",  "Gather",       "GatherElements",
                                       "GatherND",     "Pad",    "Reshape",  "SpaceToDepth", "Slice",
                                       "Squeeze",      "Tile",   "Unsqueeze"};
  if (node.op == "Concat") return node.inputs.size();
  const bool moves = std::any_of(std::begin(movers), std::end(movers), [&](const char* op) { return node.op == op; });
  return moves ? 1 : 0;
}

std::vector<int64_t> InStorageOrder(const Shape& shape, std::vector<int64_t> rows) {
  if (shape.size() != 4) return rows;
  std::vector<int64_t> stored(rows.size());
  ToChannelsLast(rows.data(), shape[0], ImageExtentsOf(shape), stored.data());
  return stored;
}

// 1 + the place in the runtime's order of each element.
DoubleTensor NumberElements(const Shape& shape, int64_t first) {
  std::vector<double> numbers(static_cast<size_t>(Elements(shape)));
  std::iota(numbers.begin(), numbers.end(), static_cast<double>(first + 1));
  if (shape.size() != 4) return DoubleTensor(shape, std::move(numbers));
  DoubleTensor result(shape);
  ToChannelsFirst(numbers.data(), shape[0], ImageExtentsOf(shape), result.data.data());
  return result;
}

class Reader {
 public:
  Reader(const Node& node, const Lowering& lowering) : node_(node), lowering_(lowering), moved_(MovedInputs(node)) {}

  // False if the places are not known before the network runs, or are too many.
  bool Read() {
    if (moved_ == 0 || Elements(lowering_.ShapeOf(node_.outputs[0])) > kMostElements) return false;
    int64_t elements = 0;
    for (size_t i = 0; i < node_.inputs.size(); ++i) {
      operands_.emplace_back();
      if (!HasInput(node_, i)) continue;
      if (i < moved_) {
        elements += ReadSource(node_.inputs[i], elements);
      } else if (!ReadConstant(i)) {
        return false;
      }
    }
    return elements <= kMostElements;
  }

  std::unique_ptr<Step> MakeStep() {
    std::vector<const DoubleTensor*> pointers;
    for (const auto& operand : operands_) pointers.push_back(operand.has_value() ? &*operand : nullptr);
    const DoubleTensor y = FindOperator(node_.op)->evaluate(node_, pointers)[0];
    std::vector<int64_t> positions(y.data.begin(), y.data.end());
    for (int64_t& position : positions) --position;
    std::vector<int64_t> sizes;
    for (const Source& source : sources_) sizes.push_back(source.floats);
    std::vector<CopyRun> runs = FindRuns(InStorageOrder(y.shape, std::move(positions)), sizes);
    if (runs.size() > kMostRuns) return nullptr;
    return std::make_unique<CopyStep>(node_.op, std::move(sources_), std::move(runs), fill_, Elements(y.shape));
  }

 private:
  // Returns its elements.
  int64_t ReadSource(const std::string& input, int64_t first) {
    const Shape& shape = lowering_.ShapeOf(input);
    Source source;
    source.floats = Elements(shape);
    if (source.floats > kMostElements) return source.floats;
    const Parameter* constant = lowering_.Constant(input);
    if (constant == nullptr) {
      source.input = computed_++;
    } else {
      source.constant = StoredConstant(*constant);
    }
    operands_.back() = NumberElements(shape, first);
    sources_.push_back(std::move(source));
    return Elements(shape);
  }

  // Of Pad's value only the place counts: 0 stands for it.
  bool ReadConstant(size_t i) {
    const Parameter* constant = lowering_.Constant(node_.inputs[i]);
    if (constant == nullptr) return false;
    operands_.back() = WidenParameter(*constant);
    if (node_.op != "Pad" || i != 2) return true;
    fill_ = static_cast<float>(operands_.back()->data[0]);
    operands_.back()->data[0] = 0;
    return true;
  }

  const Node& node_;
  const Lowering& lowering_;
  size_t moved_;
  int computed_ = 0;
  std::vector<Source> sources_;
  std::vector<std::optional<DoubleTensor>> operands_;
  float fill_ = 0;
};

}  // namespace

std::unique_ptr<Step> Lower(size_t index, Lowering* lowering) {
  const Node& node = lowering->graph().nodes[index];
  Reader reader(node, *lowering);
  if (!reader.Read()) return nullptr;
  std::unique_ptr<Step> step = reader.MakeStep();
  if (step == nullptr) return nullptr;
  for (size_t i = 0; i < MovedInputs(node); ++i) {
    if (lowering->Constant(node.inputs[i]) == nullptr) step->reads.push_back(node.inputs[i]);
  }
  step->writes = {node.outputs[0]};
  step->nodes = {index};
  return step;
}

}  // namespace lowbit::runtime::kernels::strided_copy
