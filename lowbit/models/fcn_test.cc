#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowbit/core/evaluate.h"
#include "lowbit/core/image_size.h"
#include "lowbit/core/validate.h"
#include "lowbit/models/builder.h"
#include "lowbit/models/model.h"

namespace lowbit::models {
namespace {

using testing::HasSubstr;

Result<Graph> Build(int64_t height, int64_t width, ConfigTable options) {
  ModelInput input;
  input.image = {1, height, width};
  input.classes = 3;
  return BuildModel("fcn", input, Config{std::move(options), ""}, 1);
}

ConfigTable Small() { return {{"width", Config{0.0625, ""}}, {"depth", Config{int64_t{2}, ""}}}; }

TEST(Fcn, HasItsLevels) {
  const Graph graph = Build(8, 12, Small()).value();
  const auto shape = [&](const char* name) { return graph.parameters.at(name).shape(); };
  EXPECT_EQ(shape("down0.conv1.weight"), (Shape{4, 1, 3, 3}));
  EXPECT_EQ(shape("down1.conv2.weight"), (Shape{8, 8, 3, 3}));
  EXPECT_EQ(shape("bottom.conv1.weight"), (Shape{16, 8, 3, 3}));
  EXPECT_EQ(shape("up1.conv0.weight"), (Shape{32, 16, 1, 1}));
  EXPECT_EQ(shape("up1.conv1.weight"), (Shape{8, 16, 3, 3}));
  EXPECT_EQ(shape("up0.conv2.weight"), (Shape{4, 4, 3, 3}));
  EXPECT_EQ(shape("classifier.weight"), (Shape{3, 4, 1, 1}));
  EXPECT_EQ(InferShapes(graph, 2).value().at("logits"), (Shape{2, 3, 8, 12}));
}

TEST(Fcn, RunsAtOtherSizes) {
  const Graph graph = Build(8, 8, Small()).value();
  const Graph larger = AtImageSize(graph, 16, 12, 3).value();
  EXPECT_EQ(larger.inputs[0].shape, (Shape{1, 1, 16, 12}));
  EXPECT_THAT(AtImageSize(graph, 16, 13, 3).error().message, HasSubstr("cannot take images of 16x13"));
  EXPECT_THAT(AtImageSize(graph, 16, 12, 2).error().message, HasSubstr("not [1, 2, 16, 12]"));
  EXPECT_THAT(AtImageSize(graph, 16, 12).error().message, HasSubstr("makes no images of images"));
}

TEST(Fcn, RefusesSizesThatCannotBeHalved) {
  EXPECT_THAT(Build(8, 10, Small()).error().message, HasSubstr("multiples of 4, not 8x10"));
}

// A pixel of the way up depends on its own block alone, as of a transposed convolution of 2x2 with stride 2:
// y[o, 2 h + i, 2 w + j] = sum over c of x[c, h, w] W[c, o, i, j].
TEST(Fcn, GoesUpByTransposedConvolutions) {
  ModelInput input;
  input.image = {2, 3, 2};
  input.classes = 1;
  GraphBuilder b("up");
  Graph graph = b.Finish(b.DepthToSpace("blocks", b.Conv("up", b.Image(input), PaddedConv(4 * 3, 1, 1)), 2)).value();
  Initialize(&graph, 5);
  DoubleTensor image({1, 2, 3, 2});
  for (size_t i = 0; i < image.data.size(); ++i) image.data[i] = static_cast<double>(i * i);
  const std::vector<double> made = Evaluate(graph, {{"image", image}}).value().at("logits").data;

  Graph transposed;
  transposed.inputs = {{"image", {1, 2, 3, 2}}};
  FloatTensor weight({2, 3, 2, 2});
  const auto& rows = std::get<FloatTensor>(graph.parameters.at("up.weight").value).data;
  for (size_t c = 0; c < 2; ++c) {
    for (size_t o = 0; o < 3; ++o) {
      for (size_t block = 0; block < 4; ++block) weight.data[(c * 3 + o) * 4 + block] = rows[(block * 3 + o) * 2 + c];
    }
  }
  transposed.parameters["w"].value = weight;
  transposed.nodes.push_back(
      {"up", "ConvTranspose", {"image", "w"}, {"logits"}, {{"strides", std::vector<int64_t>{2, 2}}}});
  transposed.outputs = {"logits"};
  EXPECT_EQ(made, Evaluate(transposed, {{"image", image}}).value().at("logits").data);
}

}  // namespace
}  // namespace lowbit::models
