#include "lowbit/quant/methods/inq/inq.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace lowbit::quant::methods::inq {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Config Keys(ConfigTable table) { return Config{std::move(table), ""}; }
Config Number(int64_t number) { return Config{number, ""}; }

Config Portions(const std::vector<double>& portions) {
  ConfigArray list;
  for (const double portion : portions) list.push_back(Config{portion, ""});
  return Config{std::move(list), ""};
}

QTensor Quantize(const std::vector<float>& weights, int64_t bits) {
  return Create(Keys({{"bits", Number(bits)}})).value()->Quantize(weights, {1, static_cast<int64_t>(weights.size())});
}

TEST(Inq, Sets) {
  const std::pair<int64_t, size_t> counts[] = {{2, 3}, {3, 5}, {4, 9}, {5, 17}, {7, 65}, {8, 129}};
  for (const auto& [bits, count] : counts) {
    const std::vector<float> levels = MakeScheme(static_cast<int>(bits)).levels.ascending();
    EXPECT_EQ(levels.size(), count) << bits;
    EXPECT_EQ(levels.back(), 1) << bits;
    EXPECT_EQ(levels[count / 2 + 1], std::ldexp(1.0f, 1 - (1 << (bits - 2)))) << bits;  // 2^n2 for n1 = 0.
  }
  const std::pair<float, int> largest[] = {{1.f, 0}, {.75f, 0}, {.74f, -1}, {1.49f, 0}, {1.5f, 1}, {.4f, -1}};
  for (const auto& [s, n1] : largest) EXPECT_EQ(Quantize({s, -.1f}, 5).scales[0], std::ldexp(1.0f, n1)) << s;
}

TEST(Inq, Values) {
  const std::vector<float> in = {1, .75f, .7499f, -.375f, .3749f, .01f, .00390625f, .0039f, 0};
  const std::vector<float> out = {1, 1, .5f, -.5f, .25f, .0078125f, .0078125f, 0, 0};
  EXPECT_EQ(Dequantize(Quantize(in, 5)).data, out);
  EXPECT_THAT(Dequantize(Quantize({1, .74f, .25f, .2499f}, 3)).data, ElementsAre(1, .5f, .5f, 0));
}

TEST(Inq, PartitionFreezesTheLargestFirst) {
  std::vector<float> weights;
  weights.reserve(100);
  for (int i = 0; i < 100; ++i) weights.push_back((i * 37 % 100 + 1) * (i % 2 == 0 ? .01f : -.01f));
  std::vector<uint8_t> frozen(100, 0);
  const int counts[] = {50, 75, 88, 100};
  const double portions[] = {.5, .75, .875, 1};
  for (int stage = 0; stage < 4; ++stage) {
    Partition(weights, portions[stage], frozen);
    for (size_t i = 0; i < 100; ++i) {
      EXPECT_EQ(frozen[i], std::lround(std::fabs(weights[i]) * 100) > 100 - counts[stage] ? 1 : 0) << stage << " " << i;
    }
  }
}

// A weight that is frozen stays so, though others have outgrown it.
TEST(Inq, PartitionKeepsWhatIsFrozen) {
  std::vector<uint8_t> frozen = {1, 0, 0, 0};
  Partition(std::vector<float>{.1f, .2f, -.4f, .3f}, .5, frozen);
  EXPECT_THAT(frozen, ElementsAre(1, 0, 1, 0));
  Partition(std::vector<float>{.1f, .2f, -.4f, .3f}, .25, frozen);
  EXPECT_THAT(frozen, ElementsAre(1, 0, 1, 0));
  Partition(std::vector<float>{.5f, .5f, .5f, .5f}, .75, frozen);
  EXPECT_THAT(frozen, ElementsAre(1, 1, 1, 0));
}

TEST(Inq, PortionsShareTheRun) {
  const std::vector<double> portions = {.5, .75, .875, 1};
  EXPECT_EQ(PortionAt(portions, 0), .5);
  EXPECT_EQ(PortionAt(portions, .333), .5);
  EXPECT_EQ(PortionAt(portions, 2.0 / 6), .75);
  EXPECT_EQ(PortionAt(portions, 624.0 / 936), .875);
  EXPECT_EQ(PortionAt(portions, .999), .875);
  EXPECT_EQ(PortionAt(portions, 1), .875);
  EXPECT_EQ(PortionAt({1}, 0), 1);
}

// Bits of a weight, nominally, and the code space that is not used.
TEST(Inq, Memory) {
  for (const auto& [bits, ratio] : {std::pair<int64_t, double>{7, 4.571}, {5, 6.4}}) {
    EXPECT_NEAR(32.0 / MakeScheme(static_cast<int>(bits)).levels.values().Bits(), ratio, .001);
  }
}

TEST(Inq, Settings) {
  const auto error = [](ConfigTable table) { return ReadOptions(Keys(std::move(table))).error().message; };
  EXPECT_THAT(error({{"bits", Number(1)}}), HasSubstr("'quantize.inq.bits' must be"));
  for (const std::vector<double>& bad : {std::vector<double>{}, {.5}, {.5, .5, 1}, {.7, .5, 1}}) {
    EXPECT_THAT(error({{"portions", Portions(bad)}}), HasSubstr("rising shares that ends with 1"));
  }
  EXPECT_TRUE(ReadOptions(Keys({{"portions", Portions({1})}})).ok());
  EXPECT_TRUE(ReadOptions(Keys({{"portions", Portions({.2, .4, .6, .7, .8, .9, .95, 1})}})).ok());
}

}  // namespace
}  // namespace lowbit::quant::methods::inq
