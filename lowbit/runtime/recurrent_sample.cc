#include "lowbit/runtime/recurrent_sample.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "lowbit/base/random.h"
#include "lowbit/core/evaluate.h"
#include "lowbit/core/graph_names.h"
#include "lowbit/core/recurrence.h"
#include "lowbit/runtime/fallback.h"
#include "lowbit/runtime/recurrent_bound.h"

namespace lowbit::runtime {
namespace {

// A block of units (64 on the widest vectors) and a part of another.
constexpr int64_t kMostUnits = 70;
// The second reads what the first has left.
constexpr int64_t kSteps = 2;

int64_t BlockOf(const Parameter& weights) {
  const QTensor* tensor = std::get_if<QTensor>(&weights.value);
  return tensor == nullptr ? 1 : tensor->values.block;
}

// The units that are kept: rows of whole vectors.
int64_t UnitsOf(const Recurrence& r, const Parameter& weights) {
  const int64_t block = BlockOf(weights);
  int64_t units = std::min(r.hidden, kMostUnits);
  while (r.hidden % block == 0 && units % block != 0) ++units;
  return units;
}

// Of rows of one number for each unit, the first `units`; of as many rows as there are.
FloatTensor CutRows(const Parameter& parameter, int64_t hidden, int64_t units) {
  const DoubleTensor whole = WidenParameter(parameter);
  FloatTensor cut(whole.shape, {});
  cut.shape.back() = cut.shape.back() / hidden * units;
  for (size_t first = 0; first < whole.data.size(); first += static_cast<size_t>(hidden)) {
    for (size_t i = first; i < first + static_cast<size_t>(units); ++i) {
      cut.data.push_back(static_cast<float>(whole.data[i]));
    }
  }
  return cut;
}

// Calls take(row of R) for the rows that are kept.
template <typename Function>
void ForEachRow(const Recurrence& r, int64_t units, const Function& take) {
  for (int64_t first = 0; first < r.directions * r.Rows(); first += r.hidden) {
    for (int64_t unit = 0; unit < units; ++unit) take(first + unit);
  }
}

// R's rows and columns of the units that are kept.
Parameter CutWeights(const Parameter& weights, const Recurrence& r, int64_t units) {
  const Shape shape = {r.directions, r.gates * units, units};
  Parameter cut;
  const QTensor* tensor = std::get_if<QTensor>(&weights.value);
  if (tensor != nullptr && r.hidden % tensor->values.block == 0) {
    QTensor codes;
    codes.shape = shape;
    codes.values = tensor->values;
    codes.scales = tensor->scales;
    const int64_t block = tensor->values.block;
    ForEachRow(r, units, [&](int64_t row) {
      for (int64_t i = 0; i < units / block; ++i) {
        codes.AddCode(tensor->Code(static_cast<size_t>(row * r.hidden / block + i)));
      }
    });
    cut.value = std::move(codes);
    return cut;
  }
  const FloatTensor decoded = tensor == nullptr ? FloatTensor() : Dequantize(*tensor);
  const FloatTensor& floats = tensor == nullptr ? std::get<FloatTensor>(weights.value) : decoded;
  FloatTensor corner(shape, {});
  ForEachRow(r, units, [&](int64_t row) {
    const float* from = floats.data.data() + row * r.hidden;
    corner.data.insert(corner.data.end(), from, from + units);
  });
  cut.value = std::move(corner);
  return cut;
}

FloatTensor Draw(const std::string& name, const Shape& shape, double limit) {
  const CounterRandom random(1, StreamOf("self-test " + name));
  FloatTensor tensor(shape);
  for (size_t i = 0; i < tensor.data.size(); ++i) {
    tensor.data[i] = static_cast<float>((2 * random.Uniform(i) - 1) * limit);
  }
  return tensor;
}

const Parameter* Find(const Graph& graph, const std::string& name) {
  const auto found = graph.parameters.find(name);
  return found == graph.parameters.end() ? nullptr : &found->second;
}

}  // namespace

std::optional<KernelSample> SampleRecurrence(const Graph& graph, const Node& whole, const NodePlan& plan) {
  const Parameter* weights = Find(graph, whole.inputs[1]);
  if (weights == nullptr || std::holds_alternative<Int64Tensor>(weights->value)) return std::nullopt;
  Shape gates = {1, kSteps, weights->shape()[0] * weights->shape()[1]};
  const Recurrence r = ReadRecurrence(whole, gates, weights->shape()).value();
  const int64_t units = UnitsOf(r, *weights);
  gates[2] = r.directions * r.gates * units;

  KernelSample sample;
  sample.kernel = plan.kernel;
  sample.node = whole.name;
  Node node = whole;
  // One sequence is a batch of one if the batch comes first.
  node.attributes["layout"] = int64_t{1};
  if (node.attributes.count("hidden_size") != 0) node.attributes["hidden_size"] = units;
  GraphNames names(graph);
  node.inputs.assign(8, "");
  node.inputs[0] = names.Unique("sample");
  node.inputs[1] = whole.inputs[1];
  sample.graph.parameters[whole.inputs[1]] = CutWeights(*weights, r, units);
  for (const size_t i : {2, 3, 7}) {  // Scales, biases, peepholes.
    if (!HasInput(whole, i)) continue;
    const Parameter* parameter = Find(graph, whole.inputs[i]);
    if (parameter == nullptr) return std::nullopt;
    node.inputs[i] = whole.inputs[i];
    sample.graph.parameters[whole.inputs[i]].value = CutRows(*parameter, r.hidden, units);
  }
  for (const size_t i : {5, 6}) {  // The states in front of the first step.
    if (i == 6 && r.cell != Recurrence::Cell::kLstm) continue;
    node.inputs[i] = names.Unique("sample/state");
    sample.graph.parameters[node.inputs[i]].value = Draw(i == 5 ? "h" : "c", {1, r.directions, units}, 1);
  }
  node.outputs.resize(1);
  sample.graph.inputs = {{node.inputs[0], gates}};
  sample.graph.outputs = node.outputs;
  sample.input = Draw("gates", gates, 2).data;
  sample.graph.nodes = {std::move(node)};
  return sample;
}

Result<DoubleTensor> RecurrenceBound(const KernelSample& sample) {
  std::map<std::string, BoundedValue> values;
  const auto add = [&](const std::string& name, DoubleTensor value) {
    DoubleTensor error(value.shape);
    values[name] = {std::move(value), std::move(error)};
  };
  const GraphInput& input = sample.graph.inputs[0];
  add(input.name, DoubleTensor(input.shape, {sample.input.begin(), sample.input.end()}));
  for (const auto& [name, parameter] : sample.graph.parameters) add(name, WidenParameter(parameter));
  const Node& node = sample.graph.nodes[0];
  Operands operands;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    operands.push_back(HasInput(node, i) ? &values.at(node.inputs[i]) : nullptr);
  }
  return std::move(RecurrenceErrors(node, operands)[0]);
}

}  // namespace lowbit::runtime
