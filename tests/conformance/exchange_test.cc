// Networks of integers through ONNX files and back: the runtime computes the same bits.

#include <gtest/gtest.h>

#include <algorithm>

#include "lowbit/core/graph_text.h"
#include "lowbit/core/integer_weights.h"
#include "lowbit/format/onnx/onnx.h"
#include "lowbit/format/onnx/write.h"
#include "lowbit/runtime/model.h"
#include "lowbit/runtime/testing/random_integer_graph.h"

namespace lowbit::onnx {
namespace {

using runtime::testing::RandomIntegerGraph;
using runtime::testing::RandomSource;

constexpr int64_t kImages = 3;

Graph WriteAndRead(const Graph& graph, Flavor flavor) {
  const std::string bytes = Encode(graph, flavor).value();
  return Decode(Span<const uint8_t>(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()), "written", "")
      .value();
}

std::vector<std::vector<float>> Answers(const Graph& graph, const std::vector<float>& pixels) {
  runtime::Model model = runtime::Model::FromGraph(graph).value();
  std::vector<std::vector<float>> outputs;
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    outputs.emplace_back(static_cast<size_t>(model.OutputElements(i, kImages).value()));
  }
  std::vector<Span<float>> spans(outputs.begin(), outputs.end());
  EXPECT_TRUE(model.Run({pixels}, kImages, spans).ok());
  return outputs;
}

bool FitsBytes(const ValueSet& values) {
  const std::vector<int32_t> integers = AsIntegers(values).value().integers;
  const auto [low, high] = std::minmax_element(integers.begin(), integers.end());
  return *high - *low <= 255;
}

// Levels of any kind, codebooks and integers of more than 8 bits have no form that reads back as integers: floats come back.
bool ComesBackAsFloats(const Graph& graph) {
  const bool levels =
      std::any_of(graph.nodes.begin(), graph.nodes.end(), [](const Node& node) { return node.op == "LevelQuant"; });
  return levels || std::any_of(graph.parameters.begin(), graph.parameters.end(), [](const auto& entry) {
           const auto* tensor = std::get_if<QTensor>(&entry.second.value);
           return tensor != nullptr && (tensor->values.kind == ValueSet::Kind::kCodebook || !FitsBytes(tensor->values));
         });
}

// ONNX has no recurrent layers of integers.
bool HasRecurrence(const Graph& graph) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(),
                     [](const Node& node) { return node.attributes.count("hidden_bits") != 0; });
}

// Signs have no form of their own outside of QONNX, and are compared and chosen in floats there.
bool HasSigns(const Graph& graph) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(),
                     [](const Node& node) { return node.op == "BipolarQuant"; });
}

TEST(Exchange, TheRuntimeComputesTheSameBits) {
  int compared = 0;
  for (uint64_t seed = 0; seed < 250; ++seed) {
    const Graph graph = RandomIntegerGraph(seed).Build();
    if (ComesBackAsFloats(graph) || HasRecurrence(graph)) continue;
    SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + Describe(graph));
    const Shape& shape = graph.inputs[0].shape;
    const std::vector<float> pixels = RandomSource(seed).Floats(kImages * shape[1] * shape[2] * shape[3], -3, 3);
    const auto expected = Answers(graph, pixels);
    ASSERT_EQ(Answers(WriteAndRead(graph, Flavor::kQonnx), pixels), expected);
    if (HasSigns(graph)) continue;
    for (const Flavor flavor : {Flavor::kQdq, Flavor::kInt4, Flavor::kInt2}) {
      ASSERT_EQ(Answers(WriteAndRead(graph, flavor), pixels), expected) << FlavorNames()[static_cast<size_t>(flavor)];
      ++compared;
    }
  }
  EXPECT_GT(compared, 60);
}

}  // namespace
}  // namespace lowbit::onnx
