#ifndef LOWBIT_FORMAT_LBM_TEST_GRAPHS_H_
#define LOWBIT_FORMAT_LBM_TEST_GRAPHS_H_

// Graphs for the tests of this folder.

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <type_traits>
#include <vector>

#include "lowbit/base/random.h"
#include "lowbit/core/graph.h"

namespace lowbit::lbm {

inline std::vector<float> RandomFloats(const CounterRandom& random, size_t count) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = static_cast<float>(random.Normal(i));
  return values;
}

inline ValueSet ValueSetOfKind(size_t which, const CounterRandom& random) {
  switch (which) {
    case 0:
      return ValueSet::Binary();
    case 1:
      return ValueSet::Ternary();
    case 2:
      return ValueSet::Table(RandomFloats(random, 1));
    case 3:
      return ValueSet::Table(RandomFloats(random, 5));
    case 4:
      return ValueSet::Table(RandomFloats(random, 256));
    case 5:
      return ValueSet::Codebook(RandomFloats(random, 3 * 7), 7);
    case 6:
      return ValueSet::Codebook(RandomFloats(random, 256), 1);
    case 7:
      return ValueSet::HalfCodebook(RandomFloats(random, 5 * 7), 7);
    case 8:
      return ValueSet::ByteCodebook(RandomFloats(random, 3 * 7), 7);
    case 9:
      return ValueSet::HalfCodebook(RandomFloats(random, 1000), 1);  // 10 bits.
    case 10:
      return ValueSet::ByteCodebook(RandomFloats(random, 3 * 2048), 3);  // 11 bits.
    default:
      return ValueSet::Affine(static_cast<int>(which) - 10, static_cast<int>(which) % 2);
  }
}
inline constexpr size_t kValueSets = 19;  // The last eight are affine, 1 to 8 bits.

inline QTensor RandomQTensor(Shape shape, ValueSet values, bool row_scales, const CounterRandom& random) {
  QTensor tensor;
  tensor.shape = std::move(shape);
  tensor.values = std::move(values);
  tensor.scales = RandomFloats(random, row_scales ? static_cast<size_t>(tensor.Rows()) : 1);
  const auto codes = static_cast<size_t>(Elements(tensor.shape) / tensor.values.block);
  const uint64_t count = static_cast<uint64_t>(tensor.values.Count());
  for (size_t i = 0; i < codes; ++i) tensor.AddCode(static_cast<int>(random.Below(i, count)));
  return tensor;
}

inline Node MakeNode(std::string op, std::vector<std::string> inputs, std::string output, Attributes attributes = {}) {
  Node node;
  node.name = output;
  node.op = std::move(op);
  node.inputs = std::move(inputs);
  node.outputs = {std::move(output)};
  node.attributes = std::move(attributes);
  return node;
}

// x [-1, columns] -> Gemm with a low-bit weight [rows, columns] -> y.
inline Graph GemmGraph(QTensor weight) {
  Graph graph;
  graph.name = "gemm";
  graph.inputs = {{"x", {kDynamic, weight.Columns()}}};
  graph.outputs = {"y"};
  graph.nodes = {MakeNode("Gemm", {"x", "w"}, "y", {{"transB", int64_t{1}}})};
  graph.parameters["w"].value = std::move(weight);
  return graph;
}

// The example of FORMAT.md; its bytes are pinned there.
inline Graph GoldenGraph() {
  QTensor weight;
  weight.shape = {2, 7};
  weight.values = ValueSet::Ternary();
  weight.codes = {2, 2, 1, 0, 1, 0, 2, /**/ 0, 0, 0, 1, 1, 1, 2};  // + + 0 - 0 - +    - - - 0 0 0 +
  weight.scales = {0.5f, 0.25f};
  Graph graph = GemmGraph(std::move(weight));
  graph.name = "tiny";
  graph.nodes[0].inputs.emplace_back("b");
  graph.parameters["b"].value = FloatTensor({2}, {1.0f, -1.0f});
  graph.metadata = {{"labels", "cat\ndog"}};
  return graph;
}

// Attributes of several types, an optional input left out, every kind of parameter, metadata.
inline Graph MixedGraph() {
  const CounterRandom random(1, StreamOf("mixed graph"));
  Graph graph;
  graph.name = "mixed";
  graph.inputs = {{"image", {kDynamic, 3, 5, 5}}};
  graph.outputs = {"logits", "act"};
  graph.nodes = {
      MakeNode("Conv", {"image", "conv.w", "conv.b"}, "conv",
               {{"pads", std::vector<int64_t>{1, 1, 1, 1}}, {"strides", std::vector<int64_t>{2, 2}}}),
      MakeNode("LeakyRelu", {"conv"}, "act", {{"alpha", 0.125}}),
      MakeNode("AveragePool", {"act"}, "pool",
               {{"auto_pad", std::string("NOTSET")}, {"kernel_shape", std::vector<int64_t>{3, 3}}}),
      MakeNode("Flatten", {"pool"}, "flat"),
      MakeNode("Gemm", {"flat", "fc.w", ""}, "logits", {{"transB", int64_t{1}}}),
  };
  graph.parameters["conv.w"].value = RandomQTensor({4, 3, 3, 3}, ValueSet::Ternary(), true, random);
  graph.parameters["conv.b"].value = FloatTensor({4}, {0.0f, -0.0f, 1e-40f, -2.5f});
  graph.parameters["fc.w"].value = RandomQTensor({3, 4}, ValueSet::Affine(3, 4), false, random);
  graph.parameters["unused"].value = Int64Tensor({3}, {-1, 0, int64_t{1} << 62});
  graph.parameters["none"].value = Int64Tensor({0}, {});
  graph.metadata = {{"labels", "cat\ndog\nZ\xC3\xBCrich"}, {"empty", ""}};
  return graph;
}

inline void ExpectSame(const FloatTensor& a, const FloatTensor& b) {
  EXPECT_EQ(a.shape, b.shape);
  ASSERT_EQ(a.data.size(), b.data.size());
  for (size_t i = 0; i < a.data.size(); ++i) {
    EXPECT_EQ(std::signbit(a.data[i]), std::signbit(b.data[i]));
    EXPECT_EQ(a.data[i], b.data[i]);
  }
}
inline void ExpectSame(const Int64Tensor& a, const Int64Tensor& b) {
  EXPECT_EQ(a.shape, b.shape);
  EXPECT_EQ(a.data, b.data);
}
inline void ExpectSame(const QTensor& a, const QTensor& b) {
  EXPECT_EQ(a.shape, b.shape);
  EXPECT_TRUE(a.values == b.values) << a.values.Name() << " and " << b.values.Name();
  EXPECT_EQ(a.codes, b.codes);
  EXPECT_EQ(a.scales, b.scales);
}

// All but the traits, which a file does not hold.
inline void ExpectSame(const Graph& a, const Graph& b) {
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.outputs, b.outputs);
  EXPECT_EQ(a.metadata, b.metadata);
  ASSERT_EQ(a.inputs.size(), b.inputs.size());
  for (size_t i = 0; i < a.inputs.size(); ++i) {
    EXPECT_EQ(a.inputs[i].name, b.inputs[i].name);
    EXPECT_EQ(a.inputs[i].shape, b.inputs[i].shape);
  }
  ASSERT_EQ(a.nodes.size(), b.nodes.size());
  for (size_t i = 0; i < a.nodes.size(); ++i) {
    EXPECT_EQ(a.nodes[i].name, b.nodes[i].name);
    EXPECT_EQ(a.nodes[i].op, b.nodes[i].op);
    EXPECT_EQ(a.nodes[i].inputs, b.nodes[i].inputs);
    EXPECT_EQ(a.nodes[i].outputs, b.nodes[i].outputs);
    EXPECT_EQ(a.nodes[i].attributes, b.nodes[i].attributes);
  }
  ASSERT_EQ(a.parameters.size(), b.parameters.size());
  for (const auto& [name, parameter] : a.parameters) {
    SCOPED_TRACE(name);
    ASSERT_EQ(b.parameters.count(name), 1u);
    const auto& other = b.parameters.at(name).value;
    ASSERT_EQ(parameter.value.index(), other.index());
    const auto compare = [&](const auto& tensor) {
      ExpectSame(tensor, std::get<std::decay_t<decltype(tensor)>>(other));
    };
    std::visit(compare, parameter.value);
  }
}

}  // namespace lowbit::lbm

#endif  // LOWBIT_FORMAT_LBM_TEST_GRAPHS_H_
