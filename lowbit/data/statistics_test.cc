#include "lowbit/data/statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "lowbit/data/test_files.h"

namespace lowbit::data {
namespace {

using ::testing::ElementsAre;

// Two images of two channels, 1x2.
ImageSet Small() {
  ImageSet set;
  set.image = {2, 1, 2};
  set.pixels = {0, 2, 10, 10, 4, 6, 10, 10};
  set.labels = {0, 1};
  return set;
}

TEST(Statistics, AreThoseOfTheDefinition) {
  EXPECT_THAT(MeasureChannels(Small()).value().mean, ElementsAre(3, 10));
  // Values 0 2 4 6: deviations 9 1 1 9, mean 5.
  EXPECT_THAT(MeasureChannels(Small()).value().deviation, ElementsAre(std::sqrt(5.0), 0));
  EXPECT_THAT(MeanImage(Small()).value(), ElementsAre(2, 4, 10, 10));
}

TEST(Statistics, AgreeWithEachOther) {
  const ImageSet set = NoiseSet({3, 5, 4}, 40, 3);
  const std::vector<double> image = MeanImage(set).value(), channel = MeasureChannels(set).value().mean;
  for (size_t c = 0; c < 3; ++c) {
    double sum = 0;
    for (size_t i = 0; i < 20; ++i) sum += image[c * 20 + i];
    EXPECT_NEAR(sum / 20, channel[c], 1e-11);  // 20 terms below 256, each rounded to 2^-45.
  }
}

}  // namespace
}  // namespace lowbit::data
