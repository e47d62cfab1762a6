#include "lowbit/data/confusion_matrix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "lowbit/data/segmentation.h"

namespace lowbit::data {
namespace {

using Classes = std::vector<uint8_t>;

TEST(ConfusionMatrix, PoolsPixelsOfAllPictures) {
  ConfusionMatrix matrix(3);
  matrix.Add(Classes{0, 1, 1, 0}, Classes{0, 1, 0, kNoClass});
  matrix.Add(Classes{1, 1}, Classes{1, 0});
  EXPECT_THAT(matrix.counts(), testing::ElementsAre(1, 2, 0, 0, 2, 0, 0, 0, 0));
  EXPECT_EQ(matrix.total(), 5);
  EXPECT_DOUBLE_EQ(matrix.PixelAccuracy(), 3.0 / 5);
  EXPECT_DOUBLE_EQ(matrix.IntersectionOverUnion(0), 1.0 / 3);
  EXPECT_DOUBLE_EQ(matrix.IntersectionOverUnion(1), 2.0 / 4);
  // The third class is nowhere, and has no part in the mean.
  EXPECT_TRUE(std::isnan(matrix.IntersectionOverUnion(2)));
  EXPECT_DOUBLE_EQ(matrix.MeanIntersectionOverUnion(), (1.0 / 3 + 1.0 / 2) / 2);
}

TEST(ConfusionMatrix, AClassThatIsOnlyAnsweredCounts) {
  ConfusionMatrix matrix(2);
  matrix.Add(Classes{0, 1}, Classes{0, 0});
  EXPECT_DOUBLE_EQ(matrix.IntersectionOverUnion(1), 0);
  EXPECT_DOUBLE_EQ(matrix.MeanIntersectionOverUnion(), 0.25);
}

TEST(ConfusionMatrix, OfNothingIsPerfect) {
  const ConfusionMatrix matrix(2);
  EXPECT_EQ(matrix.PixelAccuracy(), 1);
  EXPECT_EQ(matrix.MeanIntersectionOverUnion(), 1);
}

}  // namespace
}  // namespace lowbit::data
