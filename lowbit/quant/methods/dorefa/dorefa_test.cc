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
