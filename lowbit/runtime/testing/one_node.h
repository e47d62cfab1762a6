#ifndef LOWBIT_RUNTIME_TESTING_ONE_NODE_H_
#define LOWBIT_RUNTIME_TESTING_ONE_NODE_H_

// For tests: networks of one operator, run by the runtime and by its definition.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "lowbit/core/evaluate.h"
#include "lowbit/core/integer_form.h"
#include "lowbit/core/validate.h"
#include "lowbit/runtime/model.h"
#include "lowbit/runtime/testing/random_values.h"
#include "lowbit/runtime/testing/targets.h"

namespace lowbit::runtime::testing {

// Numbers for constants.
inline FloatTensor Ramp(const Shape& shape, double low = -1, double high = 1) {
  return RandomSource(5).Tensor(shape, low, high);
}

class OneNode {
 public:
  explicit OneNode(std::string op, Attributes attributes = {}) {
    graph_.name = "one";
    graph_.outputs = {"y"};
    graph_.nodes = {{"node", std::move(op), {}, {"y"}, std::move(attributes)}};
  }

  // Operands, in order. The first extent of a computed one is the batch.
  OneNode& Computed(Shape shape) {
    shape.insert(shape.begin(), kDynamic);
    graph_.inputs.push_back({Next(), std::move(shape)});
    return *this;
  }
  // The same of that whole shape: the network takes the first one's first extent as its only batch.
  OneNode& Known(Shape shape) {
    graph_.inputs.push_back({Next(), std::move(shape)});
    return *this;
  }
  template <typename T>
  OneNode& Constant(T value) {
    graph_.parameters[Next()].value = std::move(value);
    return *this;
  }
  OneNode& Integers(std::vector<int64_t> values) {
    const Shape shape = {static_cast<int64_t>(values.size())};
    return Constant(Int64Tensor(shape, std::move(values)));
  }
  OneNode& Outputs(size_t count) {
    for (size_t i = 1; i < count; ++i) graph_.nodes[0].outputs.push_back("y" + std::to_string(i));
    graph_.outputs = graph_.nodes[0].outputs;
    return *this;
  }
  OneNode& Absent() {
    graph_.nodes[0].inputs.emplace_back();
    return *this;
  }

  // The same in a network with quantized activations, where every bit counts.
  OneNode InIntegers() const {
    OneNode result = *this;
    for (const auto& [name, value] : {std::pair{"one", 1.f}, {"zero", 0.f}, {"bits", 8.f}}) {
      result.graph_.parameters[name].value = FloatTensor({}, {value});
    }
    result.graph_.nodes.push_back({"quant", "Quant", {graph_.inputs[0].name, "one", "zero", "bits"}, {"q"}, {}});
    result.graph_.outputs.push_back("q");
    return result;
  }

  const Graph& graph() const { return graph_; }

 private:
  std::string Next() {
    graph_.nodes[0].inputs.push_back("x" + std::to_string(graph_.nodes[0].inputs.size()));
    return graph_.nodes[0].inputs.back();
  }

  Graph graph_;
};

// The shape of an input for that batch.
inline Shape WithBatch(Shape shape, int64_t batch) {
  if (!shape.empty() && shape[0] == kDynamic) shape[0] = batch;
  return shape;
}

using OneNodeInputs = std::vector<std::vector<float>>;

inline OneNodeInputs DrawInputs(const Graph& graph, int64_t batch, double low, double high) {
  RandomSource random(static_cast<uint64_t>(batch));
  OneNodeInputs inputs;
  for (const GraphInput& input : graph.inputs) {
    inputs.push_back(random.Floats(Elements(WithBatch(input.shape, batch)), low, high));
  }
  return inputs;
}

// How far element i of a result may be from the definition's y; null: not at all, once that is rounded to float.
using Bound = std::function<double(size_t i, double y)>;

// All outputs of the node, one behind the other.
inline std::vector<float> RunOneNode(const Graph& graph, const OneNodeInputs& inputs, int64_t batch,
                                     const Options& options) {
  Result<Model> model = Model::FromGraph(graph, options);
  EXPECT_TRUE(model.ok()) << (model.ok() ? "" : model.error().message);
  std::vector<std::vector<float>> outputs;
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    outputs.emplace_back(static_cast<size_t>(model.value().OutputElements(i, batch).value()), -4321.f);
  }
  const Status status = model.value().Run({inputs.begin(), inputs.end()}, batch, {outputs.begin(), outputs.end()});
  EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().message);
  for (size_t i = 1; i < graph.nodes[0].outputs.size(); ++i) {
    outputs[0].insert(outputs[0].end(), outputs[i].begin(), outputs[i].end());
  }
  return outputs[0];
}

inline void ExpectNear(const std::vector<double>& expected, const std::vector<float>& actual, const Bound& bound) {
  ASSERT_EQ(expected.size(), actual.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    const float rounded = static_cast<float>(expected[i]);
    if (rounded == actual[i] || (std::isnan(rounded) && std::isnan(actual[i]))) continue;
    ASSERT_TRUE(bound != nullptr) << "at " << i << ": " << actual[i] << ", expected " << rounded;
    ASSERT_LE(std::abs(static_cast<double>(actual[i]) - expected[i]), bound(i, expected[i]) + 0x1p-126)
        << "at " << i << ": " << expected[i];
  }
}

// Several batches, on every target, with one thread and several, by a kernel named `kernel` that is no fallback.
inline void ExpectTheDefinition(const OneNode& node, const std::string& kernel, const OneNodeInputs& given,
                                int64_t batch, const Bound& bound) {
  const Graph& graph = node.graph();
  SCOPED_TRACE(kernel + " batch " + std::to_string(batch));
  std::map<std::string, DoubleTensor> wide;
  for (size_t i = 0; i < given.size(); ++i) {
    const Shape shape = WithBatch(graph.inputs[i].shape, batch);
    wide[graph.inputs[i].name] = DoubleTensor(shape, {given[i].begin(), given[i].end()});
  }
  const Status valid = Validate(graph);
  ASSERT_TRUE(valid.ok()) << valid.error().message;
  const Graph executed = QuantizesActivations(graph) ? ToIntegerForm(graph).value() : graph;
  const auto values = Evaluate(executed, wide).value();
  std::vector<double> expected;
  for (const std::string& output : graph.nodes[0].outputs) {
    expected.insert(expected.end(), values.at(output).data.begin(), values.at(output).data.end());
  }
  const Result<Model> strict = Model::FromGraph(graph, {.strict = true});
  ASSERT_TRUE(strict.ok()) << strict.error().message;
  const Model& model = strict.value();
  const auto of_node = std::find_if(model.Nodes().begin(), model.Nodes().end(),
                                    [](const NodePlan& plan) { return plan.node == "node"; });
  EXPECT_EQ(of_node->kernel, kernel);
  ForEachTarget([&] {
    const std::vector<float> actual = RunOneNode(graph, given, batch, {});
    ExpectNear(expected, actual, bound);
    const std::vector<float> again = RunOneNode(graph, given, batch, {.threads = 3, .piece = 2});
    ASSERT_TRUE(std::equal(actual.begin(), actual.end(), again.begin(), again.end(),
                           [](float a, float b) { return a == b || (std::isnan(a) && std::isnan(b)); }));
  });
}

inline void ExpectTheDefinition(const OneNode& node, const std::string& kernel, const Bound& bound = nullptr,
                                double low = -4, double high = 4) {
  const Shape& first = node.graph().inputs[0].shape;
  const bool known = first.empty() || first[0] != kDynamic;
  for (const int64_t batch : known ? std::vector{first.empty() ? 1 : first[0]} : std::vector<int64_t>{1, 3}) {
    ExpectTheDefinition(node, kernel, DrawInputs(node.graph(), batch, low, high), batch, bound);
  }
}

}  // namespace lowbit::runtime::testing

#endif  // LOWBIT_RUNTIME_TESTING_ONE_NODE_H_
