#include "lowbit/report/sweep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "lowbit/base/file.h"

namespace lowbit::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Summarize, GivesTheSampleDeviation) {
  const Statistics statistics = Summarize({2, 4, 4, 4, 5, 5, 7, 9});
  EXPECT_EQ(statistics.count, 8u);
  EXPECT_EQ(statistics.mean, 5);
  EXPECT_EQ(statistics.least, 2);
  EXPECT_EQ(statistics.most, 9);
  EXPECT_DOUBLE_EQ(*statistics.deviation, std::sqrt(32.0 / 7));
}

TEST(Summarize, FewValuesHaveNoDeviation) {
  EXPECT_EQ(Summarize({}).count, 0u);
  EXPECT_FALSE(Summarize({}).deviation.has_value());
  EXPECT_EQ(Summarize({3}).mean, 3);
  EXPECT_FALSE(Summarize({3}).deviation.has_value());
  EXPECT_EQ(*Summarize({3, 3}).deviation, 0);
}

// A folder that is removed at the end.
class SweepFolder : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(MakeFolders(folder_).ok()); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(MakeFolders(std::filesystem::path(folder_ + "/" + name).parent_path().string()).ok());
    ASSERT_TRUE(WriteFileAtomic(folder_ + "/" + name, text).ok());
  }

  void WriteRun(const std::string& name, double accuracy, bool packed) {
    Write(name + "/recipe.toml", "");
    Write(name + "/run.json",
          R"({"name":"n","method":"float","dataset":{"name":"d","train":1,"test":1,"classes":1,"image":[1,1,1]},)"
          R"("model":{"name":"m","weights":1}})");
    const nlohmann::json line = {
        {"kind", "final"},         {"epoch", 1},      {"iteration", 1}, {"test_loss", 1}, {"test_accuracy", accuracy},
        {"best_test_accuracy", 1}, {"best_epoch", 1}, {"seconds", 10}};
    const std::string size = packed ? "{\"kind\":\"size\",\"float_bytes\":4}\n" : "";
    Write(name + "/metrics.jsonl", line.dump() + "\n" + size);
  }

  std::string Bad(const std::string& index) {
    Write("sweep.json", index);
    const Result<Sweep> sweep = ReadSweep(folder_);
    EXPECT_FALSE(sweep.ok()) << index;
    return sweep.ok() ? "" : sweep.error().message;
  }

  std::string folder_ =
      std::filesystem::temp_directory_path().string() + "/lowbit-sweep-test-" + std::to_string(getpid());
};

const std::string kIndex = R"({"name":"s","threads":2,"runs":[
  {"name":"a,seed=1","group":"a","seed":1},{"name":"b,seed=1","group":"b","seed":1,"error":"killed by signal 9"},
  {"name":"a,seed=2","group":"a","seed":2,"error":"killed by signal 9"},{"name":"b,seed=2","group":"b","seed":2}]})";

TEST_F(SweepFolder, KnowsWhichRunsAreFinished) {
  EXPECT_FALSE(IsSweepFolder(folder_));
  Write("sweep.json", kIndex);
  EXPECT_TRUE(IsSweepFolder(folder_));
  WriteRun("a,seed=1", 0.5, true);
  WriteRun("a,seed=2", 0.75, true);
  WriteRun("b,seed=1", 0.25, false);  // Killed before it was packed.
  Result<Sweep> read = ReadSweep(folder_);
  ASSERT_TRUE(read.ok()) << read.error().message;
  const Sweep& sweep = read.value();
  EXPECT_EQ(sweep.runs[0].state, SweepRun::State::kFinished);
  EXPECT_EQ(sweep.runs[1].state, SweepRun::State::kUnfinished);
  EXPECT_EQ(sweep.runs[1].error, "killed by signal 9");
  EXPECT_EQ(sweep.runs[2].state, SweepRun::State::kFinished);
  EXPECT_EQ(sweep.runs[2].error, "") << "it was tried again since";
  EXPECT_EQ(sweep.runs[3].state, SweepRun::State::kWaiting);
  const std::vector<SweepGroup> groups = Groups(sweep);
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].name, "a");
  EXPECT_THAT(groups[0].runs, ElementsAre(0, 2));
  EXPECT_THAT(groups[0].seeds, ElementsAre(1, 2));
  EXPECT_EQ(groups[0].score.mean, 0.625);
  EXPECT_EQ(groups[0].seconds.mean, 10);
  EXPECT_EQ(groups[1].score.count, 0u);
}

TEST_F(SweepFolder, ReadsWhatItWrites) {
  Write("sweep.json", kIndex);
  WriteRun("a,seed=1", 0.5, true);
  const Result<Sweep> first = ReadSweep(folder_);
  ASSERT_TRUE(first.ok());
  ASSERT_TRUE(WriteSweep(first.value()).ok());
  const Result<Sweep> second = ReadSweep(folder_);
  ASSERT_TRUE(second.ok()) << second.error().message;
  EXPECT_EQ(ToJson(first.value()), ToJson(second.value()));
  const nlohmann::json json = nlohmann::json::parse(ToJson(second.value()));
  EXPECT_EQ(json["groups"][0]["test_accuracy"]["mean"], 0.5);
  EXPECT_FALSE(json["groups"][0]["test_accuracy"].contains("deviation"));
  EXPECT_EQ(json["runs"][1]["state"], "waiting");
}

TEST_F(SweepFolder, ADamagedRunIsUnfinishedAndSaysWhy) {
  Write("sweep.json", kIndex);
  WriteRun("a,seed=1", 0.5, true);
  Write("a,seed=1/metrics.jsonl", "{]\n");
  const Result<Sweep> sweep = ReadSweep(folder_);
  ASSERT_TRUE(sweep.ok());
  EXPECT_EQ(sweep.value().runs[0].state, SweepRun::State::kUnfinished);
  EXPECT_THAT(sweep.value().runs[0].error, HasSubstr("metrics.jsonl:1"));
}

TEST_F(SweepFolder, ADamagedIndexIsOneSentence) {
  EXPECT_THAT(Bad(""), HasSubstr("sweep.json: not a complete JSON object"));
  EXPECT_THAT(Bad("[]"), HasSubstr("not a complete JSON object"));
  EXPECT_THAT(Bad("{}"), HasSubstr("'name' must be"));
  EXPECT_THAT(Bad(R"({"name":"s","threads":0,"runs":[]})"), HasSubstr("'threads' must be"));
  EXPECT_THAT(Bad(R"({"name":"s","threads":1,"runs":[]})"), HasSubstr("'runs' must be"));
  EXPECT_THAT(Bad(R"({"name":"s","threads":1,"runs":[3]})"), HasSubstr("'runs' must be"));
  EXPECT_THAT(Bad(R"({"name":"s","threads":1,"runs":[{"name":"../x","group":"a","seed":1}]})"),
              HasSubstr("'name' must be the name of a folder"));
  for (size_t length = 0; length < kIndex.size(); length += 13) Bad(kIndex.substr(0, length));
}

}  // namespace
}  // namespace lowbit::report
