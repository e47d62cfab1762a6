// Random networks, written as C and compiled, give the numbers of the plain evaluation of the integer form, bit for bit.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "lowbit/core/evaluate.h"
#include "lowbit/core/graph_text.h"
#include "lowbit/core/integer_form.h"
#include "lowbit/runtime/testing/error_bound.h"
#include "lowbit/runtime/testing/random_graph.h"
#include "lowbit/runtime/testing/random_integer_graph.h"
#include "tests/c_source/compiled_network.h"

namespace lowbit {
namespace {

using ::testing::AnyOf;
using testing::CompiledNetwork;
using testing::Dialect;
using ::testing::HasSubstr;

std::vector<std::vector<float>> OfPlain(const Graph& graph, const std::vector<float>& image) {
  Shape shape = graph.inputs[0].shape;
  shape[0] = 1;
  const DoubleTensor input(shape, {image.begin(), image.end()});
  const auto values = Evaluate(ToIntegerForm(graph).value(), {{graph.inputs[0].name, input}}, Rounding::kFloat).value();
  std::vector<std::vector<float>> outputs;
  for (const std::string& output : graph.outputs) {
    outputs.emplace_back(values.at(output).data.begin(), values.at(output).data.end());
  }
  return outputs;
}

std::vector<float> RandomImage(const Graph& graph, uint64_t seed) {
  Shape shape = graph.inputs[0].shape;
  shape[0] = 1;
  return runtime::testing::RandomSource(seed).Floats(Elements(shape), -3, 3);
}

bool IsRecurrent(const Graph& graph) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(),
                     [](const Node& node) { return node.op == "RNN" || node.op == "GRU" || node.op == "LSTM"; });
}

TEST(CSource, OfRandomNetworksGivesThePlainNumbers) {
  int compiled = 0;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    const Graph graph = runtime::testing::RandomIntegerGraph(seed).Build();
    SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + Describe(graph));
    const auto network =
        CompiledNetwork::Make(graph, c_source::InputType::kFloat, seed % 2 == 0 ? Dialect::kStandard : Dialect::kGnu);
    if (IsRecurrent(graph)) {
      ASSERT_FALSE(network.ok());
      EXPECT_THAT(network.error().message, HasSubstr("): no C is written for this operator"));
      continue;
    }
    ASSERT_TRUE(network.ok()) << network.error().message;
    ++compiled;
    for (uint64_t image = 0; image < 3; ++image) {
      const std::vector<float> pixels = RandomImage(graph, 100 * seed + image);
      ASSERT_EQ(network.value().Run(pixels, image == 0 ? 0 : 0xff), OfPlain(graph, pixels))
          << network.value().program().source;
    }
  }
  EXPECT_GT(compiled, 40);
}

// Floats add up in another order than in the definition, within its bound.
TEST(CSource, OfRandomNetworksOfFloatsStaysWithinTheBounds) {
  int compiled = 0, refused = 0;
  for (uint64_t seed = 0; seed < 400; ++seed) {
    const Graph graph = runtime::testing::RandomGraph(seed).Build();
    SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + Describe(graph));
    const auto network = CompiledNetwork::Make(graph);
    if (!network.ok()) {
      ASSERT_THAT(network.error().message, AnyOf(HasSubstr("no C is written for"), HasSubstr("C is written for")));
      ++refused;
      continue;
    }
    ++compiled;
    const std::vector<float> pixels = RandomImage(graph, seed);
    Shape shape = graph.inputs[0].shape;
    shape[0] = 1;
    const auto expected = runtime::testing::EvaluateWithBounds(
        graph, {{graph.inputs[0].name, DoubleTensor(shape, {pixels.begin(), pixels.end()})}});
    const auto actual = network.value().Run(pixels, 0xff);
    for (size_t o = 0; o < actual.size(); ++o) {
      const auto& [value, error] = expected.at(graph.outputs[o]);
      ASSERT_EQ(value.data.size(), actual[o].size());
      for (size_t i = 0; i < actual[o].size(); ++i) {
        ASSERT_NEAR(value.data[i], actual[o][i], error.data[i] + 0x1p-120) << "output " << o << " at " << i << "\n"
                                                                           << network.value().program().source;
      }
    }
  }
  EXPECT_GT(compiled, 25);
  EXPECT_GT(refused, 2);
}

}  // namespace
}  // namespace lowbit
