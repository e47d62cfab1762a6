#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowbit/core/evaluate.h"
#include "lowbit/core/validate.h"
#include "lowbit/models/model.h"

namespace lowbit::models {
namespace {

using ::testing::HasSubstr;

Result<Graph> Speech(const Shape& image, ConfigTable options) {
  ModelInput input;
  input.image = image;
  input.classes = 10;
  input.mean.assign(static_cast<size_t>(image[0]), 100);
  input.scale = {0.02f};
  return BuildModel("speech_rnn", input, Config{std::move(options), ""}, 1);
}

Config Number(int64_t value) { return {value, ""}; }
Config Text(const std::string& value) { return {value, ""}; }
const Config kYes = {true, ""};

const Shape& ShapeOf(const Graph& graph, const std::string& name) { return graph.parameters.at(name).shape(); }

TEST(SpeechRnn, HasTheMatricesOfItsOptions) {
  const Graph lstm =
      Speech({1, 96, 40},
             {{"layers", Number(2)}, {"hidden", Number(32)}, {"stack", Number(3)}, {"bidirectional", kYes}})
          .value();
  EXPECT_EQ(ShapeOf(lstm, "rnn1.W"), (Shape{1, 128, 120}));
  EXPECT_EQ(ShapeOf(lstm, "rnn1.R"), (Shape{1, 128, 32}));
  EXPECT_EQ(ShapeOf(lstm, "rnn2.reverse.W"), (Shape{1, 128, 64}));
  EXPECT_EQ(ShapeOf(lstm, "fc.weight"), (Shape{10, 64}));
  EXPECT_EQ(InferShapes(lstm, 3).value().at("logits"), (Shape{3, 10}));
  // Only the forget gates have biases at the start, half of them: W's.
  const auto& biases = std::get<FloatTensor>(lstm.parameters.at("rnn1.B").value);
  for (size_t i = 0; i < biases.data.size(); ++i) EXPECT_EQ(biases.data[i], i / 32 == 2 ? 1 : 0) << i;
  const Graph gru =
      Speech({1, 96, 40}, {{"cell", Text("gru")}, {"output", Text("frames")}, {"stack", Number(2)}}).value();
  EXPECT_EQ(ShapeOf(gru, "rnn1.R"), (Shape{1, 192, 64}));
  EXPECT_EQ(InferShapes(gru, 3).value().at("logits"), (Shape{3, 48, 10}));
}

TEST(SpeechRnn, StacksRowsInTheirOrder) {
  for (const int64_t channels : {1, 2}) {
    const Graph graph = Speech({channels, 4, 3}, {{"stack", Number(2)}, {"hidden", Number(2)}}).value();
    DoubleTensor image({1, channels, 4, 3});
    for (size_t i = 0; i < image.data.size(); ++i) image.data[i] = static_cast<double>(i);
    const DoubleTensor steps = Evaluate(graph, {{"image", image}}).value().at("steps");
    EXPECT_EQ(steps.shape, (Shape{1, 2, 6 * channels}));
    for (int64_t row = 0; row < 4; ++row) {
      for (int64_t c = 0; c < channels; ++c) {
        const double pixel = static_cast<double>((c * 4 + row) * 3 + 1);  // The second of the row.
        EXPECT_NEAR(steps.data[static_cast<size_t>((row * channels + c) * 3 + 1)], (pixel - 100) * 0.02, 1e-5);
      }
    }
  }
}

// What differs in time differs in the answers of a frame, and only of those that have seen it.
TEST(SpeechRnn, FramesSeeWhatTheirDirectionHasPassed) {
  for (const bool both : {false, true}) {
    const Graph graph =
        Speech({1, 6, 4}, {{"output", Text("frames")}, {"hidden", Number(5)}, {"bidirectional", {both, ""}}}).value();
    DoubleTensor image({1, 1, 6, 4}, std::vector<double>(24, 90));
    const DoubleTensor before = Evaluate(graph, {{"image", image}}).value().at("logits");
    image.data[3 * 4] = 200;
    const DoubleTensor after = Evaluate(graph, {{"image", image}}).value().at("logits");
    for (size_t step = 0; step < 6; ++step) {
      EXPECT_EQ(before.data[step * 10] != after.data[step * 10], both || step >= 3) << step;
    }
  }
}

TEST(SpeechRnn, SaysWhatIsWrong) {
  EXPECT_THAT(Speech({1, 97, 40}, {{"stack", Number(3)}}).error().message,
              HasSubstr("steps of 3 rows do not divide an image of 97 rows"));
  EXPECT_THAT(Speech({1, 96, 40}, {{"cell", Text("rnn")}}).error().message, HasSubstr("'model.cell'"));
  EXPECT_THAT(Speech({1, 96, 40}, {{"hidden", Number(4096)}, {"width", {64.0, ""}}}).error().message,
              HasSubstr("parameters"));
}

}  // namespace
}  // namespace lowbit::models
