#include "lowbit/runtime/layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace lowbit::runtime {
namespace {

using ::testing::ElementsAre;

TEST(Layout, ChannelsLastByHand) {
  const std::vector<float> nchw = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};  // [2, 2, 1, 3]
  std::vector<float> nhwc(12);
  ToChannelsLast(nchw.data(), 2, ImageExtentsOf({2, 2, 1, 3}), nhwc.data());
  EXPECT_THAT(nhwc, ElementsAre(1, 4, 2, 5, 3, 6, 7, 10, 8, 11, 9, 12));
}

TEST(Layout, ThereAndBack) {
  for (const Shape& shape : {Shape{3, 37, 5, 7}, Shape{1, 1, 9, 9}, Shape{2, 40, 1, 1}, Shape{2, 16, 4, 4},
                             Shape{2, 2, 5, 7}, Shape{1, 3, 8, 8}, Shape{3, 4, 1, 5}}) {
    std::vector<float> values(static_cast<size_t>(Elements(shape))), last(values.size()), first(values.size());
    std::iota(values.begin(), values.end(), 0.0f);
    ToChannelsLast(values.data(), shape[0], ImageExtentsOf(shape), last.data());
    ToChannelsFirst(last.data(), shape[0], ImageExtentsOf(shape), first.data());
    EXPECT_EQ(values, first) << ToString(shape);
    EXPECT_EQ(values == last, ImageExtentsOf(shape).Trivial()) << ToString(shape);
  }
}

TEST(Layout, PartsMakeTheWhole) {
  for (const Shape& shape : {Shape{1, 37, 5, 7}, Shape{1, 3, 8, 8}, Shape{1, 1, 9, 9}, Shape{1, 40, 1, 1}}) {
    const ImageExtents extents = ImageExtentsOf(shape);
    std::vector<float> values(static_cast<size_t>(Elements(shape))), whole(values.size()), parts(values.size());
    std::iota(values.begin(), values.end(), 0.0f);
    ToChannelsLast(values.data(), 1, extents, whole.data());
    for (int64_t first = 0; first < extents.pixels; first += 10) {
      ToChannelsLast(values.data(), extents, first, std::min<int64_t>(10, extents.pixels - first), parts.data());
    }
    EXPECT_EQ(whole, parts) << ToString(shape);
  }
}

TEST(Layout, OnlyImagesHaveTwoOrders) {
  EXPECT_TRUE(ImageExtentsOf({5, 6}).Trivial());
  EXPECT_TRUE(ImageExtentsOf({2, 3, 4}).Trivial());
  EXPECT_TRUE(ImageExtentsOf({2, 1, 4, 4}).Trivial());
  EXPECT_TRUE(ImageExtentsOf({2, 9, 1, 1}).Trivial());
  EXPECT_FALSE(ImageExtentsOf({2, 3, 4, 1}).Trivial());
}

}  // namespace
}  // namespace lowbit::runtime
