#include "lowbit/quant/levels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace lowbit::quant {
namespace {

using ::testing::ElementsAre;

double Nearest(const Levels& levels, double x) {
  EXPECT_EQ(levels.Walk(x), levels.Nearest(x)) << x;
  return levels.ascending()[levels.Nearest(x)];
}

TEST(Levels, AreInOrderAndKeepTheirCodes) {
  const Levels levels(ValueSet::Table({0, 2, -1, 0, 8}), Levels::Ties::kRounder, 4);
  EXPECT_THAT(levels.ascending(), ElementsAre(-1, 0, 2));
  EXPECT_EQ(levels.Code(0), 2);
  EXPECT_EQ(levels.Code(1), 0);
  EXPECT_EQ(levels.Code(2), 1);
}

TEST(Levels, TiesAwayFromZero) {
  const Levels levels(ValueSet::Table({-4, -2, 0, 2, 4}), Levels::Ties::kAway);
  EXPECT_EQ(Nearest(levels, 1), 2);
  EXPECT_EQ(Nearest(levels, -1), -2);
  EXPECT_EQ(Nearest(levels, 3), 4);
  EXPECT_EQ(Nearest(levels, std::nextafter(3.0, 0)), 2);
  EXPECT_EQ(Nearest(levels, -3), -4);
  EXPECT_EQ(Nearest(Levels(ValueSet::Binary(), Levels::Ties::kAway), 0), 1);
  EXPECT_EQ(Nearest(Levels(ValueSet::Binary(), Levels::Ties::kAway), -0.0), 1);
}

TEST(Levels, HalvesToEvenOnAGrid) {
  const Levels levels(ValueSet::Affine(4, 8), Levels::Ties::kRounder);
  for (double x = -9; x < 8; x += 0.25) EXPECT_EQ(Nearest(levels, x), std::max(-8.0, std::min(7.0, std::nearbyint(x))));
}

TEST(Levels, TakeAnyNumber) {
  const double infinity = std::numeric_limits<double>::infinity();
  for (int bits = 1; bits <= 8; ++bits) {
    const Levels levels(ValueSet::Affine(bits, 0), Levels::Ties::kRounder);
    EXPECT_EQ(Nearest(levels, infinity), (1 << bits) - 1);
    EXPECT_EQ(Nearest(levels, -infinity), 0);
    EXPECT_EQ(Nearest(levels, std::nan("")), 0);
  }
  EXPECT_EQ(Nearest(Levels(ValueSet::Table({3}), Levels::Ties::kAway), -5), 3);
}

}  // namespace
}  // namespace lowbit::quant
