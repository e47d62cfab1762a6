// Networks whose weights are published, against answers that PyTorch's operators gave for the same layers written down a second
// time (torch 1.13 in Python, float64). Weights and image are made by the rules below, so that nothing has to be stored.

#include <gtest/gtest.h>

#include <cmath>

#include "lowbit/core/evaluate.h"
#include "lowbit/models/model.h"

namespace lowbit::models {
namespace {

using Role = ParameterTraits::Role;

bool EndsWith(const std::string& name, const std::string& end) {
  return name.size() >= end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0;
}

// Element i of parameter k, in the order of names, constants left out: u = ((37 i + 101 k) mod 23 - 11) / 11, of a weight times
// 2 / sqrt(its inputs), of scale and variance 1 + u / 4, of the rest u / 8; in float64, rounded to float.
void Fill(Graph* graph) {
  size_t k = 0;
  for (auto& [name, parameter] : graph->parameters) {
    if (parameter.traits.role == Role::kConstant) continue;
    auto& values = std::get<FloatTensor>(parameter.value);
    const double inputs = static_cast<double>(Elements(values.shape)) / static_cast<double>(values.shape[0]);
    const bool around_one = EndsWith(name, ".scale") || EndsWith(name, ".var");
    for (size_t i = 0; i < values.data.size(); ++i) {
      const double u = (static_cast<double>((i * 37 + k * 101) % 23) - 11) / 11;
      const double other = around_one ? 1 + u / 4 : u / 8;
      const double value = parameter.traits.role == Role::kWeight ? u * std::sqrt(4 / inputs) : other;
      values.data[i] = static_cast<float>(value);
    }
    ++k;
  }
}

// Of an image of 3x64x64 pixels, 37 i mod 256, with mean 120, 110, 100 and scale 1 / 64, for five classes.
std::vector<double> Logits(const std::string& name, ConfigTable options) {
  ModelInput input;
  input.image = {3, 64, 64};
  input.classes = 5;
  input.mean = {120, 110, 100};
  input.scale = {1 / 64.0f};
  options["width"] = Config{0.25, ""};
  Graph graph = BuildModel(name, input, Config{std::move(options), ""}, 1).value();
  Fill(&graph);
  DoubleTensor image({1, 3, 64, 64});
  for (size_t i = 0; i < image.data.size(); ++i) image.data[i] = static_cast<double>(i * 37 % 256);
  return Evaluate(graph, {{"image", image}}).value().at("logits").data;
}

// Sums of some thousand products in another order, one behind the other 27 times: 1e-12 of the largest, and what differs cancels in
// part.
void ExpectNear(const std::vector<double>& logits, const std::vector<double>& expected, double relative = 1e-10) {
  ASSERT_EQ(logits.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(logits[i], expected[i], relative * std::abs(expected[i])) << i;
  }
}

TEST(Golden, SqueezeNet) {
  ExpectNear(Logits("squeezenet", {{"bgr", Config{true, ""}}}),
             {0.028052367269394935, 0.06959715276191601, 0.1636631343935257, 0.3444801206774205, 0.32877035602179805});
}

// By more than the tolerance above.
TEST(Golden, SqueezeNetSeesTheOrderOfColours) {
  const std::vector<double> bgr = Logits("squeezenet", {{"bgr", Config{true, ""}}}), rgb = Logits("squeezenet", {});
  for (size_t i = 0; i < bgr.size(); ++i) EXPECT_GT(std::abs(bgr[i] - rgb[i]), 1e-8 * bgr[i]) << i;
}

TEST(Golden, MobileNetV1) {
  // The script's slope is 0.1, the network's the float next to it, 1.5e-8 of it away: in each of 27 layers.
  ExpectNear(Logits("mobilenet_v1", {{"slope", Config{0.1, ""}}}),
             {-345.4309293645727, 352.98012879617, -792.1226499060905, 1045.9297838173243, -21.56397159435446},
             27 * 1.5e-8);
}

}  // namespace
}  // namespace lowbit::models
