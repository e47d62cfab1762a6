#include "lowbit/quant/methods/bwn/bwn.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lowbit::quant::methods::bwn {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::Pointwise;

QTensor Quantize(const std::vector<float>& weights, const Shape& shape) { return Bwn().Quantize(weights, shape); }

TEST(Bwn, GoldenVector) {
  const QTensor q = Quantize({.9f, -.1f, .4f, -.6f, .2f, .05f, -.3f, .25f}, {2, 4});
  EXPECT_THAT(q.scales, Pointwise(FloatNear(1e-6f), {.5f, .2f}));
  EXPECT_THAT(Dequantize(q).data, Pointwise(FloatNear(1e-6f), {.5f, -.5f, .5f, -.5f, .2f, .2f, -.2f, .2f}));
}

TEST(Bwn, ZeroIsPositive) { EXPECT_THAT(Quantize({0.0f, -0.0f, -1.0f}, {1, 3}).codes, ElementsAre(1, 1, 0)); }

TEST(Bwn, RowOfZerosHasScaleZero) {
  const QTensor q = Quantize({0, 0, 1, -1}, {2, 2});
  EXPECT_THAT(q.scales, ElementsAre(0.0f, 1.0f));
  EXPECT_TRUE(Validate(q).ok());
}

TEST(Bwn, RowsOfAFilterBankAreItsFirstDimension) {
  const QTensor q = Quantize({1, 2, 3, 6, -1, -1, 1, 1}, {2, 1, 2, 2});
  EXPECT_THAT(q.scales, ElementsAre(3.0f, 1.0f));
  EXPECT_EQ(q.shape, (Shape{2, 1, 2, 2}));
}

TEST(Bwn, LargestFloatsDoNotOverflow) {
  const float largest = std::numeric_limits<float>::max();
  EXPECT_EQ(Quantize({largest, -largest}, {1, 2}).scales[0], largest);
}

TEST(Bwn, TakesNoSettings) {
  EXPECT_TRUE(Create(Config()).ok());
  const Result<std::unique_ptr<Quantizer>> result = Create({ConfigTable{{"delta_factor", {0.7, "r.toml:3"}}}, ""});
  ASSERT_FALSE(result.ok());
  EXPECT_THAT(result.error().message, ::testing::StartsWith("r.toml:3: unknown key 'delta_factor'"));
}

}  // namespace
}  // namespace lowbit::quant::methods::bwn
