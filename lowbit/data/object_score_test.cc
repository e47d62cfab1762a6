#include "lowbit/data/object_score.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "lowbit/base/random.h"

namespace lowbit::data {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

ObjectMap Empty(int64_t height, int64_t width) {
  return {height, width, std::vector<int32_t>(static_cast<size_t>(height * width))};
}

void Fill(int64_t top, int64_t left, int64_t height, int64_t width, int32_t object, ObjectMap* map) {
  for (int64_t y = top; y < top + height; ++y) {
    for (int64_t x = left; x < left + width; ++x) map->objects[static_cast<size_t>(y * map->width + x)] = object;
  }
}

ObjectMap Square(int64_t left) {
  ObjectMap map = Empty(10, 10);
  Fill(3, left, 4, 4, 1, &map);
  return map;
}

void ExpectScore(const ObjectScore& score, double f1, double dice, double hausdorff) {
  EXPECT_DOUBLE_EQ(score.f1, f1);
  EXPECT_DOUBLE_EQ(score.dice, dice);
  EXPECT_DOUBLE_EQ(score.hausdorff, hausdorff);
}

// By hand, of a square of 4x4 pixels on 10x10.
TEST(ObjectScore, KnownCases) {
  ExpectScore(ScoreObjects(Square(3), Square(3)), 1, 1, 0);
  ExpectScore(ScoreObjects(Square(4), Square(3)), 1, 0.75, 1);
  // Two halves: each covers one half of the square, which is not more than half.
  ObjectMap halves = Empty(10, 10);
  Fill(3, 3, 4, 2, 1, &halves);
  Fill(3, 5, 4, 2, 2, &halves);
  ExpectScore(ScoreObjects(halves, Square(3)), 0, 2.0 / 3, 2);
  ExpectScore(ScoreObjects(Empty(10, 10), Square(3)), 0, 0, kInfinity);
  ExpectScore(ScoreObjects(Square(3), Empty(10, 10)), 0, 0, kInfinity);
  ExpectScore(ScoreObjects(Empty(10, 10), Empty(10, 10)), 1, 1, 0);
}

// Most of the answer's pixels lie on the background; its partner is the object all the same.
TEST(ObjectScore, TheBackgroundIsNoPartner) {
  ObjectMap wide = Empty(10, 10);
  Fill(3, 0, 4, 10, 300, &wide);
  const ObjectScore score = ScoreObjects(wide, Square(3));
  EXPECT_EQ(score.true_positives, 1);
  EXPECT_EQ(score.false_negatives, 0);
  ExpectScore(score, 1, 2.0 * 16 / (16 + 40), 3);
}

// Without anything in common the nearest object is what distance is measured from.
TEST(ObjectScore, FarObjectsHaveADistance) {
  ObjectMap truth = Empty(10, 10), answer = Empty(10, 10);
  Fill(0, 0, 1, 1, 1, &truth);
  Fill(9, 9, 1, 1, 2, &truth);
  Fill(0, 3, 1, 1, 1, &answer);
  const ObjectScore score = ScoreObjects(answer, truth);
  EXPECT_EQ(score.false_positives, 1);
  EXPECT_EQ(score.false_negatives, 2);
  // The answer is 3 from the near one; the truth's two have 3 and sqrt(81 + 36).
  ExpectScore(score, 0, 0, (3 + (3 + std::sqrt(117.0)) / 2) / 2);
}

TEST(ObjectScore, WeightsAreAreas) {
  ObjectMap truth = Square(3), answer = Square(3);
  Fill(0, 0, 1, 1, 2, &answer);  // A false one of one pixel.
  const ObjectScore score = ScoreObjects(answer, truth);
  EXPECT_DOUBLE_EQ(score.f1, 2.0 / 3);
  EXPECT_DOUBLE_EQ(score.dice, (16.0 / 17 + 1) / 2);
}

TEST(ObjectScore, DistancesAreThoseOfTheNearestPixel) {
  ObjectMap map = Empty(9, 13);
  const CounterRandom random(3, StreamOf("objects"));
  for (size_t i = 0; i < map.objects.size(); ++i) map.objects[i] = static_cast<int32_t>(random.Below(i, 12));
  const std::vector<double> squares = SquaredDistances(map, 5);
  ASSERT_GT(std::count(map.objects.begin(), map.objects.end(), 5), 2);
  for (int64_t i = 0; i < 9 * 13; ++i) {
    double nearest = kInfinity;
    for (int64_t j = 0; j < 9 * 13; ++j) {
      if (map.objects[static_cast<size_t>(j)] != 5) continue;
      nearest = std::min(nearest, std::pow(i / 13 - j / 13, 2) + std::pow(i % 13 - j % 13, 2));
    }
    EXPECT_EQ(squares[static_cast<size_t>(i)], nearest) << i;
  }
}

TEST(ObjectScore, PartsThatTouchAtCornersAreTwo) {
  const std::vector<uint8_t> classes = {1, 1, 0, 1,  //
                                        0, 1, 1, 0,  //
                                        1, 0, 0, 1};
  EXPECT_THAT(ConnectedObjects(classes, 3, 4, 1).objects, testing::ElementsAre(1, 1, 0, 2, 0, 1, 1, 0, 3, 0, 0, 4));
  EXPECT_THAT(ConnectedObjects(classes, 3, 4, 0).objects, testing::ElementsAre(0, 0, 1, 0, 2, 0, 0, 3, 0, 4, 4, 0));
}

}  // namespace
}  // namespace lowbit::data
