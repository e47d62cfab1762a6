#include "lowbit/runtime/task_size.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace lowbit::runtime {
namespace {

LayerWork Rows(int64_t parts, int64_t rows, int64_t panels, int64_t row_cost) {
  LayerWork work;
  work.parts = parts;
  work.units = work.most_units = rows;
  work.panels = panels;
  work.unit = row_cost;
  return work;
}

// Units times panels of each thread, where all take tasks in turn and each costs what it holds.
std::vector<int64_t> Shares(const LayerWork& work, const TaskSize& size, int64_t threads) {
  std::vector<int64_t> shares(static_cast<size_t>(threads), 0);
  for (int64_t part = 0; part < work.parts; ++part) {
    for (int64_t unit = 0; unit < work.units; unit += size.units) {
      for (int64_t panel = 0; panel < work.panels; panel += size.panels) {
        *std::min_element(shares.begin(), shares.end()) +=
            std::min(size.units, work.units - unit) * std::min(size.panels, work.panels - panel);
      }
    }
  }
  return shares;
}

TEST(TaskSize, IsTheWholeLayerForOneThreadAsFarAsATaskMayGo) {
  LayerWork work = Rows(1, 56, 4, 1 << 20);
  EXPECT_EQ(ChooseTaskSize(work, 1).units, 56);
  EXPECT_EQ(ChooseTaskSize(work, 1).panels, 4);
  work.most_units = 10;
  EXPECT_EQ(ChooseTaskSize(work, 1).units, 10);
}

// Rows that divide evenly, and seven rows, whose channels do.
TEST(TaskSize, SharesEvenlyWhatCanBe) {
  for (const int64_t rows : {7, 8, 14, 16, 28, 32, 56, 112}) {
    SCOPED_TRACE(rows);
    const LayerWork work = Rows(1, rows, 8, 1 << 19);
    const std::vector<int64_t> shares = Shares(work, ChooseTaskSize(work, 2), 2);
    EXPECT_EQ(shares[0], shares[1]);
  }
}

TEST(TaskSize, LeavesSmallWorkWhole) {
  const TaskSize size = ChooseTaskSize(Rows(1, 8, 4, 100), 4);
  EXPECT_EQ(size.units, 8);
  EXPECT_EQ(size.panels, 4);
}

TEST(TaskSize, CutsAlongPanelsWhereThereIsOneUnit) {
  const TaskSize size = ChooseTaskSize(Rows(1, 1, 8, 1 << 22), 2);
  EXPECT_EQ(size.units, 1);
  EXPECT_LE(size.panels, 4);
}

// What each task of a row does again, whatever its panels, is done least often where panels stay together.
TEST(TaskSize, CutsAlongUnitsWhereTheyCostMuchAgain) {
  LayerWork work = Rows(1, 8, 8, 1 << 19);
  work.unit_again = 1 << 20;
  const TaskSize size = ChooseTaskSize(work, 2);
  EXPECT_LE(size.units, 4);
  EXPECT_EQ(size.panels, 8);
}

TEST(TaskSize, KeepsItsBoundsAndNoThreadWithoutWork) {
  for (int64_t threads = 2; threads <= 20; threads += 3) {
    for (int64_t units = 1; units <= 400; units += 7) {
      for (const int64_t panels : {1, 3, 16}) {
        LayerWork work = Rows(2, units, panels, 1 << 22);
        work.most_units = 50;
        work.step = 12;
        const TaskSize size = ChooseTaskSize(work, threads);
        ASSERT_TRUE(size.units >= 1 && size.units <= 50 && size.panels >= 1 && size.panels <= panels)
            << units << " units, " << panels << " panels, " << threads << " threads";
        if (2 * units * panels < 24 * threads) continue;
        const std::vector<int64_t> shares = Shares(work, size, threads);
        EXPECT_GT(*std::min_element(shares.begin(), shares.end()), 0)
            << units << " units, " << panels << " panels, " << threads << " threads";
      }
    }
  }
}

TEST(TaskSize, IsNeverEmpty) { EXPECT_EQ(ChooseTaskSize(Rows(1, 0, 1, 1), 2).units, 1); }

TEST(TaskSize, IsEvenForSimpleLoops) {
  EXPECT_EQ(EvenTask(100, 10, 1000, 2), 50);
  EXPECT_EQ(EvenTask(100, 60, 1000, 2), 100);
  EXPECT_EQ(EvenTask(3136, 1, 256, 2), 224);
  EXPECT_EQ(EvenTask(1, 10, 256, 8), 1);
  EXPECT_EQ(EvenTask(1000, 1, 300, 1), 250);
}

TEST(FirstRunsOfTasks, EndsATaskWithTheRunThatFillsIt) {
  const std::vector<int64_t> starts = {0, 3, 5, 20, 21, 30};
  const auto start = [&](size_t r) { return starts[r]; };
  EXPECT_EQ(FirstRunsOfTasks(starts.size(), 5, start), (std::vector<size_t>{0, 2, 3, 5, 6}));
  EXPECT_EQ(FirstRunsOfTasks(starts.size(), 100, start), (std::vector<size_t>{0, 6}));
  EXPECT_EQ(FirstRunsOfTasks(0, 5, start), (std::vector<size_t>{0}));
}

}  // namespace
}  // namespace lowbit::runtime
