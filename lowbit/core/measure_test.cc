#include "lowbit/core/measure.h"

#include <gtest/gtest.h>

namespace lowbit {
namespace {

std::string Told(const std::string& word, double score, double loss) {
  const TestMeasure& measure = TestMeasureOf(word);
  return measure.after_epoch(measure.Text(score), loss) + " | " + measure.after_run(measure.Text(score), loss);
}

TEST(TestMeasures, SaySharesInPercentAndRatiosInDecibels) {
  EXPECT_EQ(Told("accuracy", 0.88404, 0.3), "test 88.40 % | 88.40 % on the test set");
  EXPECT_EQ(Told("psnr", 33.754, 0.3), "test 33.75 dB | 33.75 dB on the test pictures");
  EXPECT_EQ(Told("agreement", 0.5, 0.12345),
            "test: teacher's class 50.00 %, divergence 0.1235 | "
            "the teacher's class for 50.00 % of the test images, divergence 0.1235,");
}

TEST(TestMeasures, BeginWithAccuracyAndHaveOneOfAWord) {
  EXPECT_STREQ(TestMeasures().front().word, "accuracy");
  for (const TestMeasure& measure : TestMeasures()) EXPECT_EQ(&TestMeasureOf(measure.word), &measure);
}

}  // namespace
}  // namespace lowbit
