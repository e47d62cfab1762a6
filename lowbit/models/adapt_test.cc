#include "lowbit/models/adapt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "lowbit/core/evaluate.h"

namespace lowbit::models {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Role = ParameterTraits::Role;

// x [any, 1, 2, 2] -> Conv -> BatchNormalization -> Flatten -> Gemm -> Add -> Softmax, as the importer makes it of Keras's.
Graph Imported() {
  Graph graph;
  graph.name = "keras";
  graph.inputs = {{"image", {kDynamic, 1, 2, 2}}};
  graph.outputs = {"probabilities"};
  graph.parameters["k"].value = QTensor{{1, 1, 1, 1}, ValueSet::Ternary(), {2}, {0.5f}};
  graph.parameters["g"].value = FloatTensor({1}, {2});
  graph.parameters["m"].value = FloatTensor({1}, {0.5f});
  graph.parameters["w"].value = FloatTensor({3, 4}, {1, 4, 7, 10, 2, 5, 8, 11, 3, 6, 9, 12});
  graph.parameters["b"].value = FloatTensor({3}, {1, 0, -1});
  graph.nodes = {{"input.sub", "Conv", {"image", "k"}, {"c"}, {}},
                 {"bn", "BatchNormalization", {"c", "g", "m", "m", "g"}, {"n"}, {}},
                 {"flat", "Flatten", {"n"}, {"f"}, {}},
                 {"dense", "Gemm", {"f", "w"}, {"d"}, {{"transB", int64_t{1}}}},
                 {"bias", "Add", {"b", "d"}, {"logits"}, {}},
                 {"softmax", "Softmax", {"logits"}, {"probabilities"}, {}}};
  return graph;
}

ModelInput Pixels() { return {{1, 2, 2}, 3, {10}, {0.5f}}; }

std::string Problem(const Graph& graph, const ModelInput& input) {
  const Result<Graph> adapted = AdaptModel(graph, input);
  return adapted.ok() ? "" : adapted.error().message;
}

TEST(AdaptModel, TakesPixelsAndGivesLogits) {
  const Graph adapted = AdaptModel(Imported(), Pixels()).value();
  EXPECT_THAT(adapted.outputs, ElementsAre("logits"));
  const DoubleTensor pixels({1, 1, 2, 2}, {10, 12, 14, 20}), normalized({1, 1, 2, 2}, {0, 1, 2, 5});
  EXPECT_EQ(Evaluate(adapted, {{"image", pixels}}).value().at("logits").data,
            Evaluate(Imported(), {{"image", normalized}}).value().at("logits").data);
}

TEST(AdaptModel, LowBitWeightsAreFloats) {
  const Graph adapted = AdaptModel(Imported(), Pixels()).value();
  EXPECT_THAT(std::get<FloatTensor>(adapted.parameters.at("k").value).data, ElementsAre(0.5f));
}

TEST(AdaptModel, RolesFollowTheOperators) {
  const Graph adapted = AdaptModel(Imported(), Pixels()).value();
  const auto role = [&](const char* name) { return adapted.parameters.at(name).traits.role; };
  EXPECT_EQ(role("k"), Role::kWeight);
  EXPECT_EQ(role("w"), Role::kWeight);
  EXPECT_EQ(role("b"), Role::kBias);
  EXPECT_EQ(role("m"), Role::kStatistic);
  EXPECT_EQ(role("input.sub.value"), Role::kConstant);
}

TEST(AdaptModel, RecurrentLayersAreTrained) {
  Graph graph;
  graph.name = "rows";
  graph.inputs = {{"image", {kDynamic, 1, 2, 2}}};
  graph.outputs = {"logits"};
  graph.parameters["shape"].value = Int64Tensor({3}, {0, 2, 2});
  graph.parameters["w"].value = FloatTensor({1, 12, 2});
  graph.parameters["r"].value = FloatTensor({1, 12, 3});
  graph.parameters["b"].value = FloatTensor({1, 24});
  graph.parameters["p"].value = FloatTensor({1, 9});
  graph.nodes = {{"rows", "Reshape", {"image", "shape"}, {"x"}, {}},
                 {"lstm", "LSTM", {"x", "w", "r", "b", "", "", "", "p"}, {"y", "h"}, {{"layout", int64_t{1}}}},
                 {"flat", "Flatten", {"h"}, {"logits"}, {}}};
  const Graph adapted = AdaptModel(graph, {{1, 2, 2}, 3, {0}, {1}}).value();
  for (const char* name : {"w", "r"}) EXPECT_EQ(adapted.parameters.at(name).traits.role, Role::kWeight);
  for (const char* name : {"b", "p"}) EXPECT_EQ(adapted.parameters.at(name).traits.role, Role::kBias);
}

TEST(AdaptModel, PixelsMayBeWhatTheNetworkTakes) {
  const Graph adapted = AdaptModel(Imported(), {{1, 2, 2}, 3, {0}, {1}}).value();
  EXPECT_EQ(adapted.nodes.size(), 5u);
  Graph own = Imported();
  own.metadata["recipe"] = "r";
  EXPECT_EQ(Problem(own, {{1, 2, 2}, 3, {0}, {1}}), "");
  EXPECT_THAT(Problem(own, Pixels()), HasSubstr("set data.normalize = \"none\""));
  own.metadata = {{"pixels", "0..1"}};
  EXPECT_THAT(Problem(own, Pixels()), HasSubstr("set data.normalize = \"none\""));
}

TEST(AdaptModel, RefusesOtherImagesAndClasses) {
  EXPECT_EQ(Problem(Imported(), {{3, 2, 2}, 3, {0}, {1}}),
            "takes 'image' [-1, 1, 2, 2]; the data's images need one input [-1, 3, 2, 2] (-1: any batch)");
  EXPECT_EQ(Problem(Imported(), {{1, 2, 2}, 10, {0}, {1}}),
            "gives 1 outputs, the first [1, 3] for an image; the data's classes need one output [1, 10]");
  Graph fixed = Imported();
  fixed.inputs[0].shape[0] = 1;
  EXPECT_THAT(Problem(fixed, Pixels()), HasSubstr("takes 'image' [1, 1, 2, 2]"));
}

}  // namespace
}  // namespace lowbit::models
