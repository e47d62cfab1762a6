#include "lowbit/quant/methods/dorefa/dorefa.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowbit/quant/test_golden.h"

namespace lowbit::quant::methods::dorefa {
namespace {

using golden::Keys;
using golden::Number;
using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::Pointwise;

std::vector<float> Values(ConfigTable options, const std::vector<float>& weights) {
  return golden::Values(Create, std::move(options), weights);
}

TEST(Dorefa, GoldenVectors) {
  const float a = 1.f / 3, b = 1.f / 7;
  EXPECT_THAT(Values({{"bits", Number(2)}}, golden::kWeights),
              Pointwise(FloatNear(1e-6f), std::vector<float>{1, -a, a, -1, a, a, -a, a}));
  EXPECT_THAT(Values({{"bits", Number(3)}}, golden::kWeights),
              Pointwise(FloatNear(1e-6f), std::vector<float>{1, -b, 3 * b, -5 * b, b, b, -3 * b, 3 * b}));
}

// tanh(w) / tanh(2) = 1, -.4794, .7900, -.8648; without tanh it would be 1, -.25, .5, -.6.
TEST(Dorefa, SqueezesLargeWeights) {
  const std::vector<float> values = Values({{"bits", Number(3)}}, {2, -.5f, 1, -1.2f, 2, -.5f, 1, -1.2f});
  const float b = 1.f / 7;
  EXPECT_THAT(values, Pointwise(FloatNear(1e-6f), std::vector<float>{1, -3 * b, 5 * b, -1, 1, -3 * b, 5 * b, -1}));
}

TEST(Dorefa, WhatIsHalfwayGoesAwayFromZero) {
  const Levels levels = MakeScheme(2).levels;  // -3, -1, 1, 3
  const std::pair<double, float> halves[] = {{0, 1}, {2, 3}, {-2, -3}};
  for (const auto& [x, level] : halves) EXPECT_EQ(levels.ascending()[levels.Nearest(x)], level) << x;
}

TEST(Dorefa, OneBitIsTheSignTimesTheMeanOfTheLayer) {
  const std::vector<float> weights = {.5f, -1, .25f};
  const QTensor q = Create(Keys({{"bits", Number(1)}})).value()->Quantize(weights, {3, 1});
  EXPECT_THAT(q.scales, ElementsAre(FloatNear(.58333f, 1e-5f)));
  EXPECT_THAT(q.codes, ElementsAre(1, 0, 1));
}

TEST(Dorefa, EveryLayerReachesOne) {
  std::vector<float> small = golden::kWeights;
  for (float& w : small) w *= 1e-4f;
  EXPECT_EQ(Values({}, small)[0], 1);
}

TEST(Dorefa, Settings) {
  EXPECT_THAT(ReadBits(Keys({{"bits", Number(0)}})).error().message, HasSubstr("'quantize.dorefa.bits' must be"));
  EXPECT_THAT(ReadBits(Keys({{"bits", Number(9)}})).error().message, HasSubstr("'quantize.dorefa.bits' must be"));
}

}  // namespace
}  // namespace lowbit::quant::methods::dorefa
