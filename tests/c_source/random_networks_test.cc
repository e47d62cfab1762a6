// Random networks, written as C and compiled, give the numbers of the plain evaluation of the integer form, bit for bit.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "lowbit/core/evaluate.h"
#include "lowbit/core/graph_text.h"
#include "lowbit/core/integer_form.h"
#include "lowbit/runtime/testing/random_integer_graph.h"
#include "tests/c_source/compiled_network.h"

namespace lowbit {
namespace {

using testing::CompiledNetwork;
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

bool IsRecurrent(const Graph& graph) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(),
                     [](const Node& node) { return node.op == "RNN" || node.op == "GRU" || node.op == "LSTM"; });
}

TEST(CSource, OfRandomNetworksGivesThePlainNumbers) {
  int compiled = 0;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    const Graph graph = runtime::testing::RandomIntegerGraph(seed).Build();
    SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + Describe(graph));
    const auto network = CompiledNetwork::Make(graph);
    if (IsRecurrent(graph)) {
      ASSERT_FALSE(network.ok());
      EXPECT_THAT(network.error().message, HasSubstr("): no C is written for this operator"));
      continue;
    }
    ASSERT_TRUE(network.ok()) << network.error().message;
    ++compiled;
    runtime::testing::RandomSource random(seed);
    Shape shape = graph.inputs[0].shape;
    shape[0] = 1;
    for (int image = 0; image < 3; ++image) {
      const std::vector<float> pixels = random.Floats(Elements(shape), -3, 3);
      ASSERT_EQ(network.value().Run(pixels, image == 0 ? 0 : 0xff), OfPlain(graph, pixels))
          << network.value().program().source;
    }
  }
  EXPECT_GT(compiled, 40);
}

}  // namespace
}  // namespace lowbit
