#include "lowbit/base/half.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace lowbit {
namespace {

TEST(Half, EveryHalfComesBack) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const float value = FromHalf(static_cast<uint16_t>(bits));
    if (std::isnan(value)) continue;
    EXPECT_EQ(ToHalf(value), bits);
  }
}

TEST(Half, KnownValues) {
  EXPECT_EQ(FromHalf(0x3C00), 1);
  EXPECT_EQ(FromHalf(0xC000), -2);
  EXPECT_EQ(FromHalf(0x7BFF), kLargestHalf);
  EXPECT_EQ(FromHalf(0x0001), std::ldexp(1.0f, -24));
  EXPECT_EQ(FromHalf(0x3555), 0.333251953125f);
}

// Between each two neighbours: the middle goes to the even one, what is nearer to either goes there.
TEST(Half, RoundsToTheNearestAndTiesToEven) {
  for (uint16_t bits = 0; bits < 0x7BFF; ++bits) {
    const float low = FromHalf(bits), high = FromHalf(static_cast<uint16_t>(bits + 1));
    const float middle = low + (high - low) / 2;
    EXPECT_EQ(ToHalf(middle), bits % 2 == 0 ? bits : bits + 1);
    EXPECT_EQ(ToHalf(std::nextafter(middle, low)), bits);
    EXPECT_EQ(ToHalf(std::nextafter(-middle, -high)), 0x8000 + bits + 1);
  }
}

TEST(Half, TheEnds) {
  EXPECT_EQ(ToHalf(65519.99f), 0x7BFF);
  EXPECT_EQ(ToHalf(65520), 0x7C00);
  EXPECT_EQ(ToHalf(-std::numeric_limits<float>::infinity()), 0xFC00);
  EXPECT_EQ(ToHalf(std::numeric_limits<float>::denorm_min()), 0);
  EXPECT_EQ(ToHalf(-0.0f), 0x8000);
  EXPECT_TRUE(std::isnan(FromHalf(ToHalf(std::nanf("")))));
}

}  // namespace
}  // namespace lowbit
