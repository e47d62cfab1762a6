#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowbit/data/image_file.h"

namespace lowbit::data {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Image8 Row(const std::vector<uint8_t>& pixels) { return {{1, 1, static_cast<int64_t>(pixels.size())}, pixels}; }

std::vector<uint8_t> FitRow(const std::vector<uint8_t>& pixels, int64_t width) {
  return FitTo(Row(pixels), 1, 1, width).value().pixels;
}

TEST(FitTo, LeavesAnImageOfTheRightSizeAlone) { EXPECT_THAT(FitRow({1, 2, 3}, 3), ElementsAre(1, 2, 3)); }

TEST(FitTo, ShrinksByAveragingWhatIsCovered) {
  EXPECT_THAT(FitRow({10, 20, 30, 40}, 2), ElementsAre(15, 35));
  // 3 to 2: (10 + 20 / 2) / 1.5 and (20 / 2 + 40) / 1.5.
  EXPECT_THAT(FitRow({10, 20, 40}, 2), ElementsAre(13, 33));
  EXPECT_THAT(FitTo({{1, 2, 2}, {0, 10, 20, 31}}, 1, 1, 1).value().pixels, ElementsAre(15));  // 15.25
}

TEST(FitTo, EnlargesByInterpolatingBetweenCentres) {
  // Output centres lie at -1/4, 1/4, 3/4, 5/4 of the input; the border is repeated.
  EXPECT_THAT(FitRow({0, 100}, 4), ElementsAre(0, 25, 75, 100));
  EXPECT_THAT(FitTo({{1, 2, 1}, {0, 100}}, 1, 4, 1).value().pixels, ElementsAre(0, 25, 75, 100));
}

TEST(FitTo, KeepsAConstantImageConstant) {
  for (const int64_t height : {1, 3, 7, 20}) {
    for (const int64_t width : {1, 4, 9, 33}) {
      const Image8 image = {{3, 7, 9}, std::vector<uint8_t>(189, 201)};
      const Image8 fitted = FitTo(image, 3, height, width).value();
      EXPECT_EQ(fitted.shape, (Shape{3, height, width}));
      EXPECT_EQ(static_cast<int64_t>(fitted.pixels.size()), 3 * height * width);
      EXPECT_THAT(fitted.pixels, Each(201));
    }
  }
}

TEST(FitTo, TurnsColourToLumaAndGreyToColour) {
  const Image8 colour = {{3, 1, 4}, {255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255}};
  // 76.245, 149.685, 29.07, 255.
  EXPECT_THAT(FitTo(colour, 1, 1, 4).value().pixels, ElementsAre(76, 150, 29, 255));
  EXPECT_THAT(FitTo(Row({1, 2}), 3, 1, 2).value().pixels, ElementsAre(1, 2, 1, 2, 1, 2));
}

TEST(FitTo, RefusesWhatItCannotMake) {
  EXPECT_THAT(FitTo(Row({1}), 4, 1, 1).error().message, HasSubstr("4 channels; 1 or 3 were expected"));
  EXPECT_THAT(FitTo(Row({1}), 1, 0, 1).error().message, HasSubstr("1x0 pixels"));
  EXPECT_THAT(FitTo(Row({1}), 1, 1, 70000).error().message, HasSubstr("70000x1 pixels"));
}

}  // namespace
}  // namespace lowbit::data
