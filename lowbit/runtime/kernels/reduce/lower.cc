// The Reduce family, ArgMax and ArgMin: lines of elements become one each. Sums are made in doubles, in the definition's order:
// results are its, rounded to float once.

#include <algorithm>
#include <cmath>
#include <utility>

#include "lowbit/core/ops_common/axis.h"
#include "lowbit/runtime/kernel_name.h"
#include "lowbit/runtime/lines.h"
#include "lowbit/runtime/step.h"
#include "lowbit/runtime/storage_strides.h"

namespace lowbit::runtime::kernels::reduce {
namespace {

// What a line's elements so far have come to.
struct State {
  double value = 0;
  int64_t index = 0;
};

double Itself(double x) { return x; }
double Magnitude(double x) { return std::abs(x); }
double Square(double x) { return x * x; }
double Logarithm(double x) { return std::log(x); }
double Root(double x) { return std::sqrt(x); }

template <double (*kTerm)(double), double (*kEnd)(double)>
struct SumOf {
  static State Begin(double x) { return {kTerm(x), 0}; }
  static void Next(double x, int64_t, State* state) { state->value += kTerm(x); }
  static double End(const State& state, int64_t) { return kEnd(state.value); }
};

struct Mean : SumOf<Itself, Itself> {
  static double End(const State& state, int64_t count) { return state.value / static_cast<double>(count); }
};

struct Product : SumOf<Itself, Itself> {
  static void Next(double x, int64_t, State* state) { state->value *= x; }
};

// kLast: of equal elements the last one counts.
template <bool kSmallest, bool kLast, bool kIndex>
struct Extreme {
  static State Begin(double x) { return {x, 0}; }
  static void Next(double x, int64_t k, State* state) {
    const bool better = kSmallest ? x < state->value : x > state->value;
    if (better || (kLast && x == state->value)) *state = {x, k};
  }
  static double End(const State& state, int64_t) { return kIndex ? static_cast<double>(state.index) : state.value; }
};

constexpr int64_t kMostLines = 64;

// Lines whose first elements lie side by side go through memory together.
template <class Function>
void ReduceLines(const Lines& lines, int64_t first, int64_t count, const float* x, float* y) {
  State states[kMostLines];
  const int64_t* starts = lines.starts.data() + first;
  bool adjacent = true;
  for (int64_t i = 1; i < count; ++i) adjacent = adjacent && starts[i] == starts[0] + i;
  for (int64_t i = 0; i < count; ++i) states[i] = Function::Begin(x[starts[i]]);
  for (int64_t k = 1; k < lines.Length(); ++k) {
    const float* at = x + lines.offsets[static_cast<size_t>(k)];
    if (adjacent) {
      for (int64_t i = 0; i < count; ++i) Function::Next(at[starts[0] + i], k, &states[i]);
    } else {
      for (int64_t i = 0; i < count; ++i) Function::Next(at[starts[i]], k, &states[i]);
    }
  }
  for (int64_t i = 0; i < count; ++i) y[i] = static_cast<float>(Function::End(states[i], lines.Length()));
}

// log(sum exp(x)), with the largest x before the sum.
void LogSumExpOfLines(const Lines& lines, int64_t first, int64_t count, const float* x, float* y) {
  float largest[kMostLines];
  ReduceLines<Extreme<false, false, false>>(lines, first, count, x, largest);
  for (int64_t i = 0; i < count; ++i) {
    const double most = largest[i];
    const float* start = x + lines.starts[static_cast<size_t>(first + i)];
    double sum = 0;
    for (const int64_t offset : lines.offsets) sum += std::exp(start[offset] - most);
    y[i] = static_cast<float>(std::isinf(most) ? most : most + std::log(sum));
  }
}

using Reduction = void (*)(const Lines& lines, int64_t first, int64_t count, const float* x, float* y);

template <bool kSmallest>
Reduction IndexOf(bool last) {
  return last ? ReduceLines<Extreme<kSmallest, true, true>> : ReduceLines<Extreme<kSmallest, false, true>>;
}

Reduction FindReduction(const Node& node) {
  const bool last = IntAttribute(node, "select_last_index", 0) != 0;
  if (node.op == "ArgMax") return IndexOf<false>(last);
  if (node.op == "ArgMin") return IndexOf<true>(last);
  static const std::pair<const char*, Reduction> reductions[] = {
      {"ReduceL1", ReduceLines<SumOf<Magnitude, Itself>>},
      {"ReduceL2", ReduceLines<SumOf<Square, Root>>},
      {"ReduceLogSum", ReduceLines<SumOf<Itself, Logarithm>>},
      {"ReduceLogSumExp", LogSumExpOfLines},
      {"ReduceMax", ReduceLines<Extreme<false, false, false>>},
      {"ReduceMean", ReduceLines<Mean>},
      {"ReduceMin", ReduceLines<Extreme<true, false, false>>},
      {"ReduceProd", ReduceLines<Product>},
      {"ReduceSum", ReduceLines<SumOf<Itself, Itself>>},
      {"ReduceSumSquare", ReduceLines<SumOf<Square, Itself>>}};
  for (const auto& [name, reduction] : reductions) {
    if (node.op == name) return reduction;
  }
  return nullptr;
}

class ReduceStep : public Step {
 public:
  ReduceStep(const Node& node, Lines lines, int64_t floats)
      : reduction_(FindReduction(node)), lines_(std::move(lines)), floats_(floats) {
    kernel = KernelName(node.op, "f32");
  }

  void Run(const RunContext& context) const override {
    ForLineGroups(context.pool, lines_, context.batch, [&](int64_t image, int64_t first, int64_t count, int) {
      reduction_(lines_, first, count, context.Value(inputs[0]) + image * floats_,
                 context.Value(outputs[0]) + image * lines_.Count() + first);
    });
  }

 private:
  Reduction reduction_;
  Lines lines_;
  int64_t floats_;  // Of the input, in the plan's shape.
};

// The reduced dimensions; false where they are not known.
bool ReadAxes(const Node& node, const Lowering& lowering, std::vector<size_t>* axes) {
  const size_t rank = lowering.ShapeOf(node.inputs[0]).size();
  std::vector<int64_t> named;
  if (node.op == "ArgMax" || node.op == "ArgMin") {
    named = {IntAttribute(node, "axis", 0)};
  } else if (HasInput(node, 1)) {
    const Parameter* parameter = lowering.Constant(node.inputs[1]);
    const auto* integers = parameter == nullptr ? nullptr : std::get_if<Int64Tensor>(&parameter->value);
    if (integers == nullptr) return false;
    named = integers->data;
  }
  // All dimensions, or (which is no reduction) none.
  if (named.empty() && IntAttribute(node, "noop_with_empty_axes", 0) != 0) return false;
  for (size_t d = 0; named.empty() && d < rank; ++d) axes->push_back(d);
  if (!named.empty()) *axes = ops::ResolveAxes(named, rank).value();
  return true;
}

// The dimensions that stay, in the order in which the output is stored.
std::vector<size_t> KeptInOutput(size_t rank, const std::vector<size_t>& axes, bool keepdims) {
  const auto is_kept = [&](size_t d) { return !std::binary_search(axes.begin(), axes.end(), d); };
  std::vector<size_t> left, kept;
  for (size_t d = 0; d < rank; ++d) {
    if (keepdims || is_kept(d)) left.push_back(d);
  }
  for (const size_t i : StorageOrder(left.size())) {
    if (is_kept(left[i])) kept.push_back(left[i]);
  }
  return kept;
}

}  // namespace

std::unique_ptr<Step> Lower(size_t index, Lowering* lowering) {
  const Node& node = lowering->graph().nodes[index];
  if (FindReduction(node) == nullptr || lowering->Constant(node.inputs[0]) != nullptr) return nullptr;
  const Shape& shape = lowering->ShapeOf(node.inputs[0]);
  std::vector<size_t> axes;
  if (Elements(shape) == 0 || !ReadAxes(node, *lowering, &axes) || axes.empty()) return nullptr;
  const std::vector<size_t> kept = KeptInOutput(shape.size(), axes, IntAttribute(node, "keepdims", 1) != 0);
  auto step = std::make_unique<ReduceStep>(node, MakeLines(shape, axes, kept), Elements(shape));
  step->reads = {node.inputs[0]};
  step->writes = {node.outputs[0]};
  step->nodes = {index};
  return step;
}

}  // namespace lowbit::runtime::kernels::reduce
