#include "lowbit/app/run_processes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace lowbit::app {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

Command Shell(const std::string& script) { return {"/bin/sh", "-c", script}; }

// Remembers what it was told.
struct Memory {
  std::vector<size_t> started;
  std::map<size_t, std::vector<std::string>> lines;
  std::map<size_t, std::string> failures;
  size_t running = 0, most = 0;
  std::function<bool()> interrupted = [] { return false; };

  ProcessObserver Observer() {
    return {[this](size_t command) {
              started.push_back(command);
              most = std::max(most, ++running);
            },
            [this](size_t command, const std::string& line) { lines[command].push_back(line); },
            [this](size_t command, const std::string& failure) {
              failures[command] = failure;
              --running;
            },
            [this] { return interrupted(); }};
  }
};

TEST(RunProcesses, TellsLinesAndEnds) {
  Memory memory;
  const Status status = RunProcesses(
      {Shell("echo a; echo b >&2; printf c"), Shell("exit 3"), Shell("kill -9 $$"), {"/no such program"}, Shell("cat")},
      {}, memory.Observer());
  ASSERT_TRUE(status.ok()) << status.error().message;
  EXPECT_THAT(memory.started, ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(memory.lines, ElementsAre(Pair(0, ElementsAre("a", "b", "c"))));
  EXPECT_THAT(memory.failures, ElementsAre(Pair(0, ""), Pair(1, "exit code 3"), Pair(2, "killed by signal 9"),
                                           Pair(3, "exit code 127"), Pair(4, "")));
  EXPECT_EQ(memory.most, 1u);
}

TEST(RunProcesses, RunsAsManyAsAllowed) {
  Memory memory;
  const std::vector<Command> commands(5, Shell("sleep 0.05"));
  ASSERT_TRUE(RunProcesses(commands, {3, true}, memory.Observer()).ok());
  EXPECT_EQ(memory.most, 3u);
  EXPECT_EQ(memory.failures.size(), 5u);
}

TEST(RunProcesses, LongOutputDoesNotBlock) {
  Memory memory;
  ASSERT_TRUE(
      RunProcesses({Shell("i=0; while [ $i -lt 20000 ]; do echo 0123456789; i=$((i+1)); done")}, {}, memory.Observer())
          .ok());
  EXPECT_EQ(memory.lines[0].size(), 20000u);
  EXPECT_EQ(memory.lines[0].back(), "0123456789");
}

TEST(RunProcesses, AnInterruptionIsPassedOnOnceAndNothingIsStarted) {
  Memory memory;
  memory.interrupted = [&] { return memory.lines.size() == 2; };
  const std::string script = "trap 'echo ended; exit 5' TERM; echo ready; while :; do sleep 0.01; done";
  ASSERT_TRUE(RunProcesses({Shell(script), Shell(script), Shell("echo never")}, {2, true}, memory.Observer()).ok());
  EXPECT_THAT(memory.lines,
              ElementsAre(Pair(0, ElementsAre("ready", "ended")), Pair(1, ElementsAre("ready", "ended"))));
  EXPECT_THAT(memory.failures, ElementsAre(Pair(0, "exit code 5"), Pair(1, "exit code 5")));
}

}  // namespace
}  // namespace lowbit::app
