#include "lowbit/compress/magnitude_histogram.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace lowbit::compress {
namespace {

MagnitudeHistogram Of(const std::vector<std::vector<float>>& batches) {
  MagnitudeHistogram histogram;
  for (const std::vector<float>& batch : batches) EXPECT_TRUE(histogram.Add(batch));
  return histogram;
}

// 1, 2, ..., 1000, one half of them negative.
std::vector<float> Ramp() {
  std::vector<float> values;
  for (int i = 1; i <= 1000; ++i) values.push_back(static_cast<float>(i % 2 == 0 ? i : -i));
  return values;
}

TEST(MagnitudeHistogram, KnowsCountLargestAndSign) {
  const MagnitudeHistogram histogram = Of({{0, 1}, {-3, 2}});
  EXPECT_EQ(histogram.count(), 4);
  EXPECT_EQ(histogram.largest(), 3);
  EXPECT_TRUE(histogram.negative());
  EXPECT_FALSE(Of({{0, 1}}).negative());
  EXPECT_EQ(Of({{0, 0}}).largest(), 0);
}

TEST(MagnitudeHistogram, QuantilesToTheAccuracyOfABin) {
  const MagnitudeHistogram histogram = Of({Ramp()});
  EXPECT_NEAR(histogram.Quantile(.5), 500, .5);
  EXPECT_NEAR(histogram.Quantile(.99), 990, .5);
  EXPECT_EQ(histogram.Quantile(1), 1000);
  EXPECT_NEAR(histogram.ShareAbove(900), .1, .0015);
  EXPECT_EQ(Of({{0, 0, 0, 5}}).Quantile(.75), 0);
}

// Values far beyond the first batch: bins are merged, not lost.
TEST(MagnitudeHistogram, WidensForLaterValues) {
  MagnitudeHistogram histogram = Of({Ramp(), {1e6f}});
  EXPECT_EQ(histogram.count(), 1001);
  EXPECT_EQ(histogram.largest(), 1e6);
  EXPECT_NEAR(histogram.ShareAbove(2000), 1.0 / 1001, 1e-9);
  EXPECT_NEAR(histogram.Quantile(.5), 500, 256);
}

TEST(MagnitudeHistogram, SquaredErrorOfAGrid) {
  const MagnitudeHistogram histogram = Of({{1, 2, 3, 4, 10}});
  // Steps of 1 up to 4: only 10 is cut, to 4. Bins are 1/256 wide.
  EXPECT_NEAR(histogram.SquaredError(1, 4), 36.0 / 5, .05);
  // Steps of 2, halves to even: 1 -> 0 or 2, 3 -> 2 or 4.
  EXPECT_NEAR(histogram.SquaredError(2, 5), 2.0 / 5, .01);
  EXPECT_NEAR(histogram.SquaredError(1e9, 0), (1 + 4 + 9 + 16 + 100) / 5.0, .1);
}

TEST(MagnitudeHistogram, RefusesWhatIsNotFinite) {
  MagnitudeHistogram histogram = Of({{1}});
  EXPECT_FALSE(histogram.Add(std::vector<float>{2, std::numeric_limits<float>::infinity()}));
  EXPECT_FALSE(histogram.Add(std::vector<float>{std::nanf("")}));
  EXPECT_EQ(histogram.count(), 1);
  EXPECT_EQ(histogram.largest(), 1);
}

}  // namespace
}  // namespace lowbit::compress
