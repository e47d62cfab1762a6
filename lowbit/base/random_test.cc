#include "lowbit/base/random.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

namespace lowbit {
namespace {

using ::testing::ElementsAre;

// The published known answers of philox4x32-10. The four counter words are (block, stream, substream low, substream
// high), the two key words (seed low, seed high).
TEST(CounterRandom, KnownAnswers) {
  EXPECT_THAT(CounterRandom(0, 0, 0).Block(0), ElementsAre(0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u));
  EXPECT_THAT(CounterRandom(~uint64_t{0}, ~uint32_t{0}, ~uint64_t{0}).Block(0xffffffffu),
              ElementsAre(0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu));
  EXPECT_THAT(CounterRandom(0x299f31d0a4093822u, 0x85a308d3u, 0x0370734413198a2eu).Block(0x243f6a88u),
              ElementsAre(0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u));
}

TEST(CounterRandom, BitsAreTheWordsOfBlocks) {
  const CounterRandom random(7, StreamOf("test"), 3);
  for (uint64_t i = 0; i < 40; ++i) EXPECT_EQ(random.Bits(i), random.Block(i / 4)[i % 4]);
  EXPECT_EQ(random.Bits((uint64_t{1} << 34) - 1), random.Block(0xffffffffu)[3]);
}

TEST(CounterRandom, EveryPartOfTheKeyMatters) {
  const std::set<uint32_t> first = {CounterRandom(1, 2, 3).Bits(0),
                                    CounterRandom(2, 2, 3).Bits(0),
                                    CounterRandom(1 + (uint64_t{1} << 32), 2, 3).Bits(0),
                                    CounterRandom(1, 3, 3).Bits(0),
                                    CounterRandom(1, 2, 4).Bits(0),
                                    CounterRandom(1, 2, 3 + (uint64_t{1} << 32)).Bits(0),
                                    CounterRandom(1, 2, 3).Bits(1)};
  EXPECT_EQ(first.size(), 7u);
}

constexpr int kSamples = 100000;

// A mean of n samples with standard deviation s lies within 5 s / sqrt(n) of the truth but for one draw in a million;
// the draw is fixed, so this never changes from run to run.
double Bound(double deviation) { return 5 * deviation / std::sqrt(kSamples); }

TEST(CounterRandom, UniformHasTheMomentsOfTheUniformDistribution) {
  const CounterRandom random(11, StreamOf("uniform"));
  double sum = 0, squares = 0;
  for (int i = 0; i < kSamples; ++i) {
    const double u = random.Uniform(static_cast<uint64_t>(i));
    ASSERT_GT(u, 0);
    ASSERT_LT(u, 1);
    sum += u;
    squares += u * u;
  }
  EXPECT_NEAR(sum / kSamples, 1. / 2, Bound(std::sqrt(1. / 12)));
  EXPECT_NEAR(squares / kSamples, 1. / 3, Bound(std::sqrt(4. / 45)));  // var(u^2) = 1/5 - 1/9
}

TEST(CounterRandom, BelowFillsItsBinsEvenly) {
  const CounterRandom random(12, StreamOf("below"));
  constexpr int kBins = 10;
  std::vector<int> bins(kBins);
  for (int i = 0; i < kSamples; ++i) ++bins.at(random.Below(static_cast<uint64_t>(i), kBins));
  // Chi-squared with 9 degrees of freedom exceeds 27.9 once in a thousand draws.
  double chi_squared = 0;
  constexpr double kExpected = static_cast<double>(kSamples) / kBins;
  for (const int count : bins) chi_squared += (count - kExpected) * (count - kExpected) / kExpected;
  EXPECT_LT(chi_squared, 27.9);
  EXPECT_EQ(random.Below(5, 1), 0u);
  EXPECT_EQ(random.Below(5, uint64_t{1} << 32), random.Bits(5));
}

TEST(CounterRandom, NormalHasTheMomentsOfTheNormalDistribution) {
  const CounterRandom random(13, StreamOf("normal"));
  double sum = 0, squares = 0, fourth = 0;
  for (int i = 0; i < kSamples; ++i) {
    const double z = random.Normal(static_cast<uint64_t>(i));
    sum += z;
    squares += z * z;
    fourth += z * z * z * z;
  }
  EXPECT_NEAR(sum / kSamples, 0, Bound(1));
  EXPECT_NEAR(squares / kSamples, 1, Bound(std::sqrt(2)));  // var(z^2) = 3 - 1
  EXPECT_NEAR(fourth / kSamples, 3, Bound(std::sqrt(96)));  // var(z^4) = 105 - 9
}

TEST(StreamOf, IsFnv1a) {
  EXPECT_EQ(StreamOf(""), 0x811c9dc5u);
  EXPECT_EQ(StreamOf("a"), 0xe40c292cu);
  EXPECT_EQ(StreamOf("foobar"), 0xbf9cf968u);
}

}  // namespace
}  // namespace lowbit
