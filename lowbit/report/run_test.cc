#include "lowbit/report/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "lowbit/base/file.h"

namespace lowbit::report {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

const std::string kInfo =
    R"json({"lowbit": "0.1.0", "commit": "c", "name": "n", "description": "d",
            "dataset": {"name": "s", "path": "p", "warnings": ["w"], "train": 6, "test": 5, "classes": 3,
                        "image": [1, 2, 3]},
            "model": {"name": "m", "weights": 7, "parameters": 8, "macs": 9},
            "method": "sq(twn)", "seed": 1, "threads": 2, "device": "cpu", "libtorch": "1.13.1", "later": {"x": 1}})json";

const std::string kStep =
    R"({"kind":"step","iteration":50,"epoch":1.25,"stage":0,"loss":0.5,"accuracy":0.75,"learning_rate":0.1,"ratio":0.5,"images_per_second":100})";
const std::string kEpoch =
    R"({"kind":"epoch","epoch":1,"iteration":40,"stage":2,"train_loss":0.5,"train_accuracy":0.25,"test_loss":0.75,"test_accuracy":0.125,"ratio":0.5,"seconds":3.5})";
const std::string kLayer =
    R"({"kind":"layer","epoch":0,"layer":"conv1","weights":144,"error":0.5,"quantized":0.25,"zero":0.75})";
const std::string kHistogram =
    R"({"kind":"histogram","when":"start","layer":"conv1","low":-1,"high":1.5,"counts":[1,0,3]})";
const std::string kFinal =
    R"({"kind":"final","epoch":6,"iteration":240,"test_loss":0.5,"test_accuracy":0.875,"best_test_accuracy":0.9,"best_epoch":5,"seconds":9})";
const std::string kSize = R"({"kind":"size","float_bytes":400,"packed_bytes":25,"bits_per_weight":1.6})";

Run Metrics(const std::string& text) {
  Run run;
  const Status status = ParseMetrics(text, "m.jsonl", &run);
  EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().message);
  return run;
}

std::string MetricsError(const std::string& text) {
  Run run;
  const Status status = ParseMetrics(text, "m.jsonl", &run);
  EXPECT_FALSE(status.ok()) << text;
  return status.ok() ? "" : status.error().message;
}

std::string Changed(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

TEST(ParseMetrics, KeepsWhatLayersSayBesides) {
  const auto run = Metrics(Changed(kLayer, "\"zero\"", "\"changed\":0.125,\"mode\":\"hard\",\"zero\""));
  EXPECT_EQ(run.layers[0].lines[0].details, (std::map<std::string, double>{{"changed", 0.125}}));
}

TEST(ParseMetrics, ReadsQuantizersOfActivations) {
  const std::string line = R"({"kind":"activation","epoch":1,"node":"q","saturated":0.25,"zero":0.5,"scale":0.125})";
  const auto run = Metrics(line + "\n" + Changed(line, "1", "2") + "\n");
  ASSERT_EQ(run.activations.size(), 1u);
  EXPECT_EQ(run.activations[0].name, "q");
  ASSERT_EQ(run.activations[0].lines.size(), 2u);
  EXPECT_EQ(run.activations[0].lines[1].epoch, 2);
  EXPECT_EQ(run.activations[0].lines[0].saturated, 0.25);
  EXPECT_EQ(run.activations[0].lines[0].zero, 0.5);
  EXPECT_EQ(run.activations[0].lines[0].scale, 0.125);
  EXPECT_THAT(MetricsError(Changed(line, "0.25", "1.5")), HasSubstr("'saturated' must be a number in 0..1"));
  EXPECT_THAT(MetricsError(line + "\n" + line + "\n"), HasSubstr("'epoch'"));
}

TEST(ParseRunInfo, ReadsEveryKey) {
  const Result<RunInfo> parsed = ParseRunInfo(kInfo, "run.json");
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  const RunInfo& info = parsed.value();
  EXPECT_EQ(info.lowbit, "0.1.0");
  EXPECT_EQ(info.commit, "c");
  EXPECT_EQ(info.name, "n");
  EXPECT_EQ(info.description, "d");
  EXPECT_EQ(info.method, "sq(twn)");
  EXPECT_EQ(info.device, "cpu");
  EXPECT_EQ(info.libtorch, "1.13.1");
  EXPECT_EQ(info.seed, 1);
  EXPECT_EQ(info.threads, 2);
  EXPECT_EQ(info.dataset.name, "s");
  EXPECT_EQ(info.dataset.path, "p");
  EXPECT_THAT(info.dataset.warnings, ElementsAre("w"));
  EXPECT_EQ(info.dataset.train, 6);
  EXPECT_EQ(info.dataset.test, 5);
  EXPECT_EQ(info.dataset.classes, 3);
  EXPECT_THAT(info.dataset.image, ElementsAre(1, 2, 3));
  EXPECT_EQ(info.model.name, "m");
  EXPECT_EQ(info.model.weights, 7);
  EXPECT_EQ(info.model.parameters, 8);
  EXPECT_EQ(info.model.macs, 9);
}

TEST(ParseRunInfo, NamesWhatIsWrong) {
  const auto error = [](const std::string& from, const std::string& to) {
    const Result<RunInfo> parsed = ParseRunInfo(Changed(kInfo, from, to), "run.json");
    EXPECT_FALSE(parsed.ok()) << from << " -> " << to;
    return parsed.ok() ? "" : parsed.error().message;
  };
  EXPECT_EQ(error("\"name\": \"n\"", "\"name\": \"\""), "run.json: 'name' must be a string that is not empty");
  EXPECT_EQ(error("\"name\": \"n\"", "\"name\": 3"), "run.json: 'name' must be a string");
  EXPECT_EQ(error("\"method\"", "\"methid\""), "run.json: 'method' must be a string that is not empty");
  EXPECT_EQ(error("\"seed\": 1", "\"seed\": 1.5"), "run.json: 'seed' must be an integer of at least 0");
  EXPECT_EQ(error("\"seed\": 1", "\"seed\": 18446744073709551615"),
            "run.json: 'seed' must be an integer of at least 0");
  EXPECT_EQ(error("\"train\": 6", "\"train\": -6"), "run.json: dataset: 'train' must be an integer of at least 0");
  EXPECT_EQ(error("[1, 2, 3]", "[1, 2]"), "run.json: dataset: 'image' must be a list of 3 integers of at least 0");
  EXPECT_EQ(error("[\"w\"]", "[1]"), "run.json: dataset: 'warnings' must be a list of strings");
  EXPECT_EQ(error("\"weights\": 7", "\"weights\": \"7\""),
            "run.json: model: 'weights' must be an integer of at least 0");
  EXPECT_EQ(error("\"model\"", "\"modal\""), "run.json: 'model' must be an object");
  EXPECT_EQ(error("\"lowbit\"", "lowbit"), "run.json: not a complete JSON object");
}

TEST(ParseRunInfo, EveryTruncationIsAnError) {
  for (size_t size = 0; size < kInfo.size(); ++size) {
    EXPECT_FALSE(ParseRunInfo(kInfo.substr(0, size), "run.json").ok()) << size;
  }
}

TEST(ParseRunInfo, DeepNestingIsAnError) {
  EXPECT_FALSE(ParseRunInfo(std::string(1000000, '['), "run.json").ok());
  EXPECT_FALSE(ParseRunInfo(std::string(500000, '[') + std::string(500000, ']'), "run.json").ok());
}

TEST(ParseMetrics, ReadsEveryKind) {
  const report::Run run =
      Metrics(kStep + "\n" + kEpoch + "\n" + kLayer + "\n" + kHistogram + "\n" + kFinal + "\n" + kSize + "\n");
  ASSERT_EQ(run.steps.size(), 1u);
  EXPECT_EQ(run.steps[0].iteration, 50);
  EXPECT_EQ(run.steps[0].epoch, 1.25);
  EXPECT_EQ(run.steps[0].loss, 0.5);
  EXPECT_EQ(run.steps[0].accuracy, 0.75);
  EXPECT_EQ(run.steps[0].learning_rate, 0.1);
  EXPECT_EQ(run.steps[0].ratio, 0.5);
  EXPECT_EQ(run.steps[0].images_per_second, 100);
  ASSERT_EQ(run.epochs.size(), 1u);
  EXPECT_EQ(run.epochs[0].epoch, 1);
  EXPECT_EQ(run.epochs[0].iteration, 40);
  EXPECT_EQ(run.epochs[0].stage, 2);
  EXPECT_EQ(run.epochs[0].train_loss, 0.5);
  EXPECT_EQ(run.epochs[0].train_accuracy, 0.25);
  EXPECT_EQ(run.epochs[0].test_loss, 0.75);
  EXPECT_EQ(run.epochs[0].scores, (std::map<std::string, double>{{"accuracy", 0.125}}));
  EXPECT_EQ(run.epochs[0].ratio, 0.5);
  EXPECT_EQ(run.epochs[0].seconds, 3.5);
  ASSERT_EQ(run.layers.size(), 1u);
  EXPECT_EQ(run.layers[0].name, "conv1");
  ASSERT_EQ(run.layers[0].lines.size(), 1u);
  EXPECT_EQ(run.layers[0].lines[0].weights, 144);
  EXPECT_EQ(run.layers[0].lines[0].error, 0.5);
  EXPECT_EQ(run.layers[0].lines[0].quantized, 0.25);
  EXPECT_EQ(run.layers[0].lines[0].zero, 0.75);
  ASSERT_TRUE(run.layers[0].start.has_value());
  EXPECT_FALSE(run.layers[0].end.has_value());
  EXPECT_EQ(run.layers[0].start->low, -1);
  EXPECT_EQ(run.layers[0].start->high, 1.5);
  EXPECT_THAT(run.layers[0].start->counts, ElementsAre(1, 0, 3));
  ASSERT_TRUE(run.final.has_value());
  EXPECT_EQ(run.final->epoch, 6);
  EXPECT_EQ(run.final->iteration, 240);
  EXPECT_EQ(run.final->test_loss, 0.5);
  EXPECT_EQ(run.final->measure, "accuracy");
  EXPECT_EQ(run.final->test_score, 0.875);
  EXPECT_EQ(run.final->best_test_score, 0.9);
  EXPECT_EQ(run.final->best_epoch, 5);
  EXPECT_EQ(run.final->seconds, 9);
  ASSERT_TRUE(run.size.has_value());
  EXPECT_EQ(run.size->float_bytes, 400);
  EXPECT_EQ(run.size->packed_bytes, 25);
  EXPECT_EQ(run.size->bits_per_weight, 1.6);
  EXPECT_THAT(run.notes, IsEmpty());
}

TEST(ParseMetrics, TheLastSizeWins) {
  const report::Run run = Metrics("{\"kind\":\"size\",\"float_bytes\":1}\n" + kSize + "\n");
  EXPECT_EQ(run.size->float_bytes, 400);
}

TEST(ParseMetrics, AnEpochMayBeUntested) {
  const report::Run run = Metrics(Changed(kEpoch, R"("test_loss":0.75,"test_accuracy":0.125,)", "") + "\n");
  EXPECT_FALSE(run.epochs[0].test_loss.has_value());
  EXPECT_TRUE(run.epochs[0].scores.empty());
}

TEST(ParseMetrics, RunsThatSharpenPicturesHaveDecibels) {
  const std::string epoch =
      R"({"kind":"epoch","epoch":1,"iteration":4,"train_loss":0.5,"test_loss":0.1,"test_psnr":33.5,)"
      R"("ratio":0,"seconds":1})";
  const std::string final =
      R"({"kind":"final","epoch":1,"iteration":4,"test_loss":0.1,"test_psnr":33.5,"best_test_psnr":34,)"
      R"("best_epoch":1,"seconds":9})";
  const report::Run run = Metrics(epoch + "\n" + final + "\n");
  EXPECT_EQ(run.epochs[0].scores.at("psnr"), 33.5);
  EXPECT_FALSE(run.epochs[0].train_accuracy.has_value());
  EXPECT_EQ(run.final->measure, "psnr");
  EXPECT_EQ(run.final->test_score, 33.5);
  EXPECT_EQ(run.final->best_test_score, 34);
  EXPECT_THAT(MetricsError(Changed(final, R"("best_test_psnr":34,)", "") + "\n"), HasSubstr("best_test_psnr"));
}

TEST(ParseMetrics, RunsWithoutLabelsHaveAgreements) {
  const std::string epoch =
      R"({"kind":"epoch","epoch":1,"iteration":4,"train_loss":0.5,"test_loss":0.1,"test_agreement":0.75,)"
      R"("ratio":0,"seconds":1})";
  const std::string final =
      R"({"kind":"final","epoch":1,"iteration":4,"test_loss":0.1,"test_agreement":0.75,"best_test_agreement":0.875,)"
      R"("best_epoch":1,"seconds":9})";
  const report::Run run = Metrics(epoch + "\n" + final + "\n");
  EXPECT_EQ(run.epochs[0].scores.at("agreement"), 0.75);
  EXPECT_EQ(run.final->measure, "agreement");
  EXPECT_EQ(run.final->test_score, 0.75);
  EXPECT_EQ(run.final->best_test_score, 0.875);
  EXPECT_THAT(MetricsError(Changed(final, R"("best_test_agreement":0.875,)", "") + "\n"),
              HasSubstr("best_test_agreement"));
}

TEST(ParseMetrics, ACutLastLineIsIgnoredWithANote) {
  // Every length but 0 (nothing was begun) and the whole (only its line feed is missing).
  for (size_t size = 1; size < kEpoch.size(); ++size) {
    const report::Run run = Metrics(kStep + "\n" + kEpoch.substr(0, size));
    EXPECT_EQ(run.steps.size(), 1u);
    EXPECT_THAT(run.epochs, IsEmpty());
    ASSERT_THAT(run.notes, ElementsAre(HasSubstr("(line 2) was cut off"))) << size;
  }
  EXPECT_THAT(Metrics(kStep + "\n" + kEpoch).notes, IsEmpty());
  EXPECT_EQ(Metrics(kStep + "\n" + kEpoch).epochs.size(), 1u);
  EXPECT_THAT(Metrics("").notes, IsEmpty());
}

TEST(ParseMetrics, OtherDamageIsAnErrorWithItsLine) {
  EXPECT_EQ(MetricsError(kStep + "\n" + kEpoch.substr(0, 30) + "\n" + kFinal + "\n"),
            "m.jsonl:2: not a complete JSON object");
  EXPECT_EQ(MetricsError(kStep + "\n\n" + kEpoch + "\n"), "m.jsonl:2: not a complete JSON object");
  EXPECT_EQ(MetricsError("[1]\n"), "m.jsonl:1: not a complete JSON object");
  EXPECT_EQ(MetricsError("{\"kind\":\"\xFF\"}\n"), "m.jsonl:1: not a complete JSON object");
  EXPECT_EQ(MetricsError("{}\n"), "m.jsonl:1: 'kind' must be a string that is not empty");
  EXPECT_THAT(MetricsError("{\"kind\":\"stpe\"}\n"),
              AllOf(StartsWith("m.jsonl:1: "), HasSubstr("did you mean 'step'")));
}

// Each line is wrong in one value; the message names line, key and rule.
TEST(ParseMetrics, RefusesWrongValues) {
  struct Case {
    std::string line, from, to, message;
  };
  const std::vector<Case> cases = {
      {kStep, "\"iteration\":50", "\"iteration\":-1", "'iteration' must be an integer of at least 0"},
      {kStep, "\"loss\":0.5", "\"loss\":\"x\"", "'loss' must be a number"},
      {kStep, "\"loss\":0.5", "\"loss\":null", "'loss' must be a number"},
      {kStep, "\"ratio\":0.5", "\"ratio\":1.5", "'ratio' must be a number in 0..1"},
      {kStep, "\"accuracy\":0.75", "\"accuracy\":75", "'accuracy' must be a number in 0..1"},
      {kStep, "\"epoch\":1.25", "\"epoch\":-1", "'epoch' must be a number of at least 0"},
      {kEpoch, "\"test_accuracy\":0.125", "\"test_accuracy\":2", "'test_accuracy' must be a number in 0..1"},
      {kEpoch, "\"seconds\":3.5", "\"second\":3.5", "'seconds' must be a number of at least 0"},
      {kLayer, "\"layer\":\"conv1\"", "\"layer\":\"\"", "'layer' must be a string that is not empty"},
      {kLayer, "\"weights\":144", "\"weights\":0", "'weights' must be an integer of at least 1"},
      {kHistogram, "\"start\"", "\"begin\"", "'when' must be start or end"},
      {kHistogram, "\"low\":-1", "\"low\":2", "'high' must be larger than 'low'"},
      {kHistogram, "[1,0,3]", "[]", "'counts' must be a list of 1..4096 integers"},
      {kHistogram, "[1,0,3]", "[1,-1]", "'counts' must be a list of 1..4096 integers"},
      {kFinal, "\"best_epoch\":5", "\"best_epoch\":[]", "'best_epoch' must be a number of at least 0"},
      {kSize, "\"packed_bytes\":25", "\"packed_bytes\":0", "'packed_bytes' must be an integer of at least 1"},
  };
  for (const Case& c : cases) {
    EXPECT_THAT(MetricsError(Changed(c.line, c.from, c.to) + "\n"),
                AllOf(StartsWith("m.jsonl:1: "), HasSubstr(c.message)));
  }
  EXPECT_THAT(MetricsError(Changed(kStep, "\"loss\":0.5", "\"loss\":1e999") + "\n"), StartsWith("m.jsonl:1: "));
}

TEST(ParseMetrics, RefusesLinesOutOfOrder) {
  EXPECT_EQ(MetricsError(kStep + "\n" + kStep + "\n"),
            "m.jsonl:2: 'iteration' must be larger than in the line of this kind before it");
  EXPECT_THAT(MetricsError(kEpoch + "\n" + kEpoch + "\n"), StartsWith("m.jsonl:2: 'epoch' must be larger"));
  EXPECT_THAT(MetricsError(kLayer + "\n" + kLayer + "\n"), StartsWith("m.jsonl:2: 'epoch' must be larger"));
}

class ReadRunFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(MakeFolders(folder_).ok());
    ASSERT_TRUE(WriteFileAtomic(folder_ + "/run.json", kInfo).ok());
    ASSERT_TRUE(WriteFileAtomic(folder_ + "/recipe.toml", "name = \"n\"\n").ok());
    ASSERT_TRUE(WriteFileAtomic(folder_ + "/metrics.jsonl", kEpoch + "\n").ok());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  const std::string folder_ = ::testing::TempDir() + "lowbit_report_run";
};

TEST_F(ReadRunFolder, ReadsAllThreeFiles) {
  const Result<report::Run> run = ReadRun(folder_);
  ASSERT_TRUE(run.ok()) << run.error().message;
  EXPECT_EQ(run.value().folder, folder_);
  EXPECT_EQ(run.value().info.name, "n");
  EXPECT_EQ(run.value().recipe, "name = \"n\"\n");
  EXPECT_EQ(run.value().epochs.size(), 1u);
  EXPECT_FALSE(run.value().final.has_value());
}

TEST_F(ReadRunFolder, NamesTheFileThatIsMissing) {
  for (const char* file : {"metrics.jsonl", "recipe.toml"}) {
    std::filesystem::remove(folder_ + "/" + file);
    const Result<report::Run> run = ReadRun(folder_);
    ASSERT_FALSE(run.ok());
    EXPECT_THAT(run.error().message, HasSubstr(folder_ + "/" + file));
  }
  for (const std::string& path : {folder_ + "/run.json", folder_}) {
    std::filesystem::remove_all(path);
    EXPECT_THAT(ReadRun(folder_).error().message, StartsWith(folder_ + ": not the folder of a run"));
  }
}

TEST_F(ReadRunFolder, NamesTheFileThatIsDamaged) {
  ASSERT_TRUE(WriteFileAtomic(folder_ + "/metrics.jsonl", kEpoch + "\nx\n").ok());
  EXPECT_THAT(ReadRun(folder_).error().message, StartsWith(folder_ + "/metrics.jsonl:2: "));
  ASSERT_TRUE(WriteFileAtomic(folder_ + "/run.json", "").ok());
  EXPECT_THAT(ReadRun(folder_).error().message, StartsWith(folder_ + "/run.json: "));
}

}  // namespace
}  // namespace lowbit::report
