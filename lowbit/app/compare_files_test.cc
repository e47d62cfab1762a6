#include "lowbit/app/compare_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace lowbit::app {
namespace {

using ::testing::HasSubstr;

Agreement Of(const std::vector<float>& subject, const std::vector<float>& reference, int64_t classes) {
  AgreementSums sums(classes);
  sums.Add(subject, reference);
  Agreement agreement;
  sums.Finish(&agreement);
  return agreement;
}

TEST(Agreement, IsWholeWithItself) {
  const std::vector<float> logits = {1, 5, 2, -3, 0, 4, 7, 7, 1, 0, 0, 0};
  const Agreement same = Of(logits, logits, 6);
  EXPECT_EQ(same.images, 2);
  EXPECT_EQ(same.top1, 2);
  EXPECT_EQ(same.top5, 2);
  EXPECT_EQ(same.error, 0);
  EXPECT_EQ(same.divergence, 0);
}

// The reference's best class is the subject's first, second, fifth and sixth.
TEST(Agreement, CountsTheFirstAndTheFirstFive) {
  const std::vector<float> subject = {9, 8, 7, 6, 5, 4, 9, 8, 7, 6, 5, 4, 9, 8, 7, 6, 5, 4, 9, 8, 7, 6, 5, 4};
  const std::vector<float> reference = {1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1};
  const Agreement agreement = Of(subject, reference, 6);
  EXPECT_EQ(agreement.images, 4);
  EXPECT_EQ(agreement.top1, 1);
  EXPECT_EQ(agreement.top5, 3);
}

TEST(Agreement, PutsTheLowerClassFirstAmongEquals) {
  EXPECT_EQ(Of({3, 3}, {1, 0}, 2).top1, 1);
  EXPECT_EQ(Of({3, 3}, {0, 1}, 2).top1, 0);
  EXPECT_EQ(Of({0, 1}, {2, 2}, 2).top1, 0);
}

TEST(Agreement, MeasuresLogitsOverAllImages) {
  // Differences 1, 0 and 0, 2; references 3, 4 and 0, 12.
  EXPECT_DOUBLE_EQ(Of({4, 4, 0, 10}, {3, 4, 0, 12}, 2).error, std::sqrt(5.0 / 169));
  EXPECT_DOUBLE_EQ(Of({3, 4}, {0, 0}, 2).error, 5);
}

// p = (3/4, 1/4) against q = (1/2, 1/2), and p against itself moved by a constant; a thousand is beyond exp's range.
TEST(Agreement, MeasuresTheDivergenceOfProbabilities) {
  const float odds = std::log(3.0f);
  const double expected = 0.75 * std::log(0.75 / 0.5) + 0.25 * std::log(0.25 / 0.5);
  EXPECT_NEAR(Of({2, 2, odds + 1000, 1000}, {odds, 0, odds, 0}, 2).divergence, expected / 2, 1e-4);
  EXPECT_NEAR(Of({2, 2}, {odds, 0}, 2).divergence, expected, 1e-7);
}

TEST(Agreement, IsToldInWordsAndAsJson) {
  Agreement agreement = Of({1, 2, 1, 2}, {1, 2, 2, 1}, 2);
  agreement.subject = "small.lbm";
  agreement.reference = "net.lbm";
  agreement.dataset = "pictures";
  agreement.warnings = {"something"};
  EXPECT_THAT(ToText(agreement),
              HasSubstr("warning: something\nsmall.lbm: the class of net.lbm for 50.00 % of 2 images "
                        "of pictures, among its first five for 100.00 %; logits 44.72 % off, "));
  EXPECT_THAT(ToJson(agreement), HasSubstr(R"("images":2,"top1_agreement":0.5,"top5_agreement":1.0,"error":0.44)"));
}

}  // namespace
}  // namespace lowbit::app
