#include "lowbit/train/trainer/run_state.h"

#include <gtest/gtest.h>

#include "lowbit/train/trainer/progress.h"

namespace lowbit::train {
namespace {

TEST(RunStateTest, EveryNumberComesBackExactly) {
  RunState state;
  state.stage = 3;
  state.step = 12345678901;
  state.epoch = {0.1 + 0.2, 7, 11};
  state.logged = {1.0 / 3, 5, 6};
  state.best_test_score = 0.9123456789012345;
  state.best_epoch = 4;
  state.last_test_score = 2.0 / 3;
  state.last_test_loss = 1e-300;
  state.finished = true;
  state.seconds = 17.000000000000004;
  state.metrics_bytes = 99;
  const RunState back = ParseRunState(ToJson(state)).value();
  EXPECT_EQ(back.stage, state.stage);
  EXPECT_EQ(back.step, state.step);
  EXPECT_EQ(back.epoch.loss_sum, state.epoch.loss_sum);
  EXPECT_EQ(back.epoch.score_sum, state.epoch.score_sum);
  EXPECT_EQ(back.epoch.images, state.epoch.images);
  EXPECT_EQ(back.logged.loss_sum, state.logged.loss_sum);
  EXPECT_EQ(back.best_test_score, state.best_test_score);
  EXPECT_EQ(back.best_epoch, state.best_epoch);
  EXPECT_EQ(back.last_test_score, state.last_test_score);
  EXPECT_EQ(back.last_test_loss, state.last_test_loss);
  EXPECT_TRUE(back.finished);
  EXPECT_EQ(back.seconds, state.seconds);
  EXPECT_EQ(back.metrics_bytes, state.metrics_bytes);
}

TEST(RunStateTest, ReadsTheNamesOfEarlierCheckpoints) {
  const char* earlier =
      R"({"stage":0,"step":4,"epoch":{"loss_sum":1.5,"correct":7,"images":9},"logged":{"loss_sum":1,"correct":3,"images":5},)"
      R"("best_test_accuracy":0.5,"best_epoch":2,"last_test_accuracy":0.25,"last_test_loss":1,"finished":false,"seconds":1,)"
      R"("metrics_bytes":9})";
  const RunState state = ParseRunState(earlier).value();
  EXPECT_EQ(state.epoch.score_sum, 7);
  EXPECT_EQ(state.best_test_score, 0.5);
  EXPECT_EQ(state.last_test_score, 0.25);
}

TEST(RunStateTest, OtherTextIsAnError) {
  for (const char* text : {"", "{}", "[1]", "{\"stage\":\"x\"}", "not json"}) EXPECT_FALSE(ParseRunState(text).ok());
  RunState negative;
  negative.step = -1;
  EXPECT_FALSE(ParseRunState(ToJson(negative)).ok());
}

TEST(ClockTextTest, MinutesAndHours) {
  EXPECT_EQ(ClockText(0.4), "0:00");
  EXPECT_EQ(ClockText(65), "1:05");
  EXPECT_EQ(ClockText(3 * 3600 + 2 * 60 + 1), "3:02:01");
  EXPECT_EQ(ClockText(-5), "0:00");
}

}  // namespace
}  // namespace lowbit::train
