// What launchers leave in the environment.

#include "lowbit/train/distributed/launch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "lowbit/train/distributed/slurm.h"

namespace lowbit::train::distributed {
namespace {

using ::testing::HasSubstr;
using Variables = std::map<std::string, std::string>;

Result<Launch> Read(const Variables& variables) {
  return ReadLaunch([&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

std::string Refused(const Variables& variables) {
  const Result<Launch> launch = Read(variables);
  return launch.ok() ? "was not refused" : launch.error().message;
}

Variables With(Variables variables, const std::string& name, const std::string& value) {
  variables[name] = value;
  return variables;
}

Variables Without(Variables variables, const std::string& name) {
  variables.erase(name);
  return variables;
}

const Variables kTorchrun = {{"WORLD_SIZE", "6"},       {"RANK", "4"},           {"LOCAL_RANK", "1"},
                             {"LOCAL_WORLD_SIZE", "3"}, {"MASTER_ADDR", "head"}, {"MASTER_PORT", "1234"}};
const Variables kSlurm = {{"SLURM_PROCID", "5"},
                          {"SLURM_NTASKS", "8"},
                          {"SLURM_LOCALID", "1"},
                          {"SLURM_JOB_ID", "42"},
                          {"SLURM_STEP_ID", "0"},
                          {"SLURM_JOB_NODELIST", "gpu[07-08]"},
                          {"SLURM_TASKS_PER_NODE", "4(x2)"}};

TEST(Launch, NothingSetIsOneRank) {
  const Launch launch = Read({}).value();
  EXPECT_EQ(launch.ranks, 1);
  EXPECT_EQ(launch.timeout_seconds, 60);
  EXPECT_EQ(Read({{"WORLD_SIZE", "1"}}).value().ranks, 1);
  // The only process of a Slurm job, and one that asks for one rank inside a larger job.
  EXPECT_EQ(Read({{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "1"}}).value().ranks, 1);
  EXPECT_EQ(Read(With(kSlurm, "WORLD_SIZE", "1")).value().ranks, 1);
  // The shell of an allocation, in which no step was started.
  EXPECT_EQ(Read({{"SLURM_NTASKS", "8"}}).value().ranks, 1);
}

TEST(Launch, Torchrun) {
  const Launch launch = Read(kTorchrun).value();
  EXPECT_EQ(launch.rank, 4);
  EXPECT_EQ(launch.ranks, 6);
  EXPECT_EQ(launch.local_rank, 1);
  EXPECT_EQ(launch.local_ranks, 3);
  EXPECT_EQ(launch.address, "head");
  EXPECT_EQ(launch.port, 1234);
  EXPECT_FALSE(launch.agent_listens);
  EXPECT_EQ(Read(With(kTorchrun, "LOWBIT_RANK_TIMEOUT", "5")).value().timeout_seconds, 5);
  const Launch restarted =
      Read(With(With(kTorchrun, "TORCHELASTIC_USE_AGENT_STORE", "True"), "TORCHELASTIC_RESTART_COUNT", "2")).value();
  EXPECT_TRUE(restarted.agent_listens);
  EXPECT_EQ(restarted.attempt, 2);
}

TEST(Launch, LocalRanksAreGuessedWhereNothingSaysThem) {
  Variables variables = {{"WORLD_SIZE", "4"}, {"RANK", "1"}, {"MASTER_ADDR", "127.0.0.1"}, {"MASTER_PORT", "1"}};
  EXPECT_EQ(Read(variables).value().local_ranks, 4);
  EXPECT_EQ(Read(With(variables, "MASTER_ADDR", "10.0.0.1")).value().local_ranks, 1);
}

TEST(Launch, Slurm) {
  const Launch launch = Read(kSlurm).value();
  EXPECT_EQ(launch.rank, 5);
  EXPECT_EQ(launch.ranks, 8);
  EXPECT_EQ(launch.local_rank, 1);
  EXPECT_EQ(launch.local_ranks, 4);
  EXPECT_EQ(launch.address, "gpu07");
  EXPECT_EQ(launch.port, 20042);
  EXPECT_EQ(Read(With(kSlurm, "SLURM_STEP_NUM_TASKS", "6")).value().ranks, 6);
  EXPECT_EQ(Read(With(kSlurm, "SLURM_STEP_NODELIST", "gpu08")).value().address, "gpu08");
  EXPECT_EQ(Read(With(kSlurm, "MASTER_PORT", "7")).value().port, 7);
  EXPECT_EQ(Read(With(Without(kSlurm, "SLURM_JOB_NODELIST"), "SLURM_LAUNCH_NODE_IPADDR", "10.1.1.1")).value().address,
            "10.1.1.1");
}

TEST(Launch, EachWrongVariableIsNamed) {
  EXPECT_THAT(Refused(Without(kTorchrun, "MASTER_ADDR")), HasSubstr("WORLD_SIZE is 6, but MASTER_ADDR is not set"));
  EXPECT_THAT(Refused(Without(kTorchrun, "MASTER_PORT")), HasSubstr("MASTER_PORT is not set"));
  EXPECT_THAT(Refused(Without(kTorchrun, "RANK")), HasSubstr("RANK is not set"));
  EXPECT_THAT(Refused(Without(kTorchrun, "WORLD_SIZE")), HasSubstr("RANK is set, but WORLD_SIZE is not"));
  EXPECT_THAT(Refused(With(kTorchrun, "RANK", "6")), HasSubstr("RANK is 6, but WORLD_SIZE is only 6"));
  EXPECT_THAT(Refused(With(kTorchrun, "RANK", "-1")), HasSubstr("RANK is '-1'"));
  EXPECT_THAT(Refused(With(kTorchrun, "WORLD_SIZE", "two")), HasSubstr("WORLD_SIZE is 'two'; a whole number from 1"));
  EXPECT_THAT(Refused(With(kTorchrun, "WORLD_SIZE", "")), HasSubstr("WORLD_SIZE is ''"));
  EXPECT_THAT(Refused(With(kTorchrun, "MASTER_PORT", "70000")), HasSubstr("to 65535"));
  EXPECT_THAT(Refused(With(kTorchrun, "LOCAL_RANK", "3")),
              HasSubstr("LOCAL_RANK is 3, but LOCAL_WORLD_SIZE is only 3"));
  EXPECT_THAT(Refused(With(kTorchrun, "LOWBIT_RANK_TIMEOUT", "0")), HasSubstr("LOWBIT_RANK_TIMEOUT is '0'"));
  EXPECT_THAT(Refused(With(kSlurm, "SLURM_PROCID", "8")), HasSubstr("SLURM_PROCID is 8, but SLURM_NTASKS is only 8"));
  EXPECT_THAT(Refused(Without(kSlurm, "SLURM_JOB_NODELIST")), HasSubstr("says where rank 0 runs"));
}

TEST(Slurm, FirstHost) {
  EXPECT_EQ(FirstHost(""), "");
  EXPECT_EQ(FirstHost("one"), "one");
  EXPECT_EQ(FirstHost("one,two"), "one");
  EXPECT_EQ(FirstHost("n[03-05,7],other"), "n03");
  EXPECT_EQ(FirstHost("gpu-[7,9]"), "gpu-7");
  EXPECT_EQ(FirstHost("rack[1-2]node[08-11]x,z"), "rack1node08x");
  EXPECT_EQ(FirstHost("n[03-05"), "");
}

TEST(Slurm, JobPortsStayInTheirRange) {
  EXPECT_EQ(JobPort(0, 0), 20000);
  EXPECT_NE(JobPort(5, 0), JobPort(5, 1));
  EXPECT_NE(JobPort(5, 0), JobPort(6, 0));
  EXPECT_LT(JobPort(123456789012, 99), 30000);
}

}  // namespace
}  // namespace lowbit::train::distributed
