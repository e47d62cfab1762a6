#include "lowbit/train/conv_of_doubles.h"

#include <gtest/gtest.h>
#include <torch/types.h>

namespace lowbit::train {
namespace {

at::Tensor Integers(at::IntArrayRef shape, int64_t magnitude) {
  return at::randint(-magnitude, magnitude + 1, shape, at::TensorOptions(at::kLong)).to(at::kDouble);
}

void ExpectTheSame(const at::Tensor& x, const at::Tensor& weight, const ConvGeometry& geometry) {
  const at::Tensor expected =
      at::conv2d(x, weight, {}, geometry.strides, geometry.pads, geometry.dilations, geometry.groups);
  const at::Tensor actual = ConvOfDoubles(x, weight, {}, geometry);
  EXPECT_EQ(actual.scalar_type(), at::kDouble);
  EXPECT_TRUE(actual.equal(expected));
}

// Sums of double integers are exact in any order, whichever way is taken: below 2^24, and far beyond.
TEST(ConvOfDoubles, IsExactOnIntegersOfAnySize) {
  torch::manual_seed(4);
  for (const int64_t magnitude : {1, 127, 255, 4096, 1 << 20}) {
    ExpectTheSame(Integers({3, 8, 9, 7}, magnitude), Integers({6, 8, 3, 3}, 8), {{1, 1}, {1, 1}, {1, 1}, 1});
    ExpectTheSame(Integers({1, 8, 9, 7}, magnitude), Integers({8, 1, 3, 3}, 127), {{2, 1}, {0, 1}, {1, 1}, 8});
    ExpectTheSame(Integers({2, 40, 1, 1}, magnitude), Integers({10, 40, 1, 1}, 127), {});
  }
}

// Around the largest sum that floats hold, and at the next one, which they do not: 2^24 + 1.
TEST(ConvOfDoubles, KnowsWhereFloatsEnd) {
  const at::Tensor weight = at::ones({1, 2, 1, 1}, at::kDouble);
  for (const double last : {-1.0, 0.0, 1.0}) {
    const at::Tensor x = at::tensor({16777216.0, last}, at::kDouble).view({1, 2, 1, 1});
    EXPECT_EQ(ConvOfDoubles(x, weight, {}, {}).item<double>(), 16777216 + last);
  }
}

TEST(ConvOfDoubles, LeavesFractionsInDouble) {
  const at::Tensor x = at::full({1, 1, 1, 1}, 1 / 3.0, at::kDouble), weight = at::full({1, 1, 1, 1}, 3.0, at::kDouble);
  EXPECT_EQ(ConvOfDoubles(x, weight, {}, {}).item<double>(), 1 / 3.0 * 3);
  EXPECT_EQ(ConvOfDoubles(weight, x, {}, {}).item<double>(), 1 / 3.0 * 3);
  const at::Tensor nan = at::full({1, 1, 1, 1}, NAN, at::kDouble);
  EXPECT_TRUE(ConvOfDoubles(nan, weight, {}, {}).isnan().item<bool>());
}

TEST(ConvOfDoubles, IsDifferentiable) {
  const at::Tensor x = at::ones({1, 1, 2, 2}, at::kDouble).requires_grad_(true);
  ConvOfDoubles(x, at::full({1, 1, 1, 1}, 2.0, at::kDouble), {}, {}).sum().backward();
  EXPECT_TRUE(x.grad().eq(2).all().item<bool>());
}

}  // namespace
}  // namespace lowbit::train
