#include "lowbit/report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "lowbit/base/file.h"
#include "lowbit/report/page.h"

namespace lowbit::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Run Named(const std::string& name, const std::string& folder) {
  Run run;
  run.info.name = name;
  run.folder = folder;
  return run;
}

TEST(RunLabels, TellsRunsOfOneNameApart) {
  EXPECT_THAT(RunLabels({Named("a", "x"), Named("b", "y")}), ElementsAre("a", "b"));
  EXPECT_THAT(RunLabels({Named("a", "x"), Named("a", "y"), Named("b", "z")}), ElementsAre("a (x)", "a (y)", "b"));
  EXPECT_THAT(RunLabels({Named("a", "x"), Named("a", "x")}), ElementsAre("a (x) #1", "a (x) #2"));
}

TEST(PageData, HoldsNoMarkupAndParsesToTheSameText) {
  report::Run run = Named("</script><!-- <b>&amp; \" \\ \n \u2028", "x");
  run.recipe = "<script>";
  const std::string data = PageData({run});
  EXPECT_THAT(data, Not(HasSubstr("<")));
  const nlohmann::json parsed = nlohmann::json::parse(data);
  EXPECT_EQ(parsed["runs"][0]["label"], run.info.name);
  EXPECT_EQ(parsed["runs"][0]["recipe"], "<script>");
}

TEST(PageData, ShowsBytesThatAreNoText) {
  report::Run run = Named("a", "x");
  run.recipe = "\xFF";
  EXPECT_EQ(nlohmann::json::parse(PageData({run}))["runs"][0]["recipe"], "\uFFFD");
}

TEST(PageData, KeepsEveryBitOfANumber) {
  report::Run run = Named("a", "x");
  EpochLine line;
  line.train_loss = 1.0 / 3;
  line.train_accuracy = 0.1 + 0.2;
  run.epochs.push_back(line);
  const nlohmann::json parsed = nlohmann::json::parse(PageData({run}));
  EXPECT_EQ(parsed["runs"][0]["epochs"]["train_loss"][0].get<double>(), 1.0 / 3);
  EXPECT_EQ(parsed["runs"][0]["epochs"]["train_accuracy"][0].get<double>(), 0.1 + 0.2);
  EXPECT_TRUE(parsed["runs"][0]["epochs"]["test_loss"][0].is_null());
}

TEST(RenderReport, MarksInTheDataAreText) {
  const std::string page = RenderReport({Named("@STYLE@ @SCRIPT@ @DATA@", "x")});
  EXPECT_THAT(page, HasSubstr("\"label\":\"@STYLE@ @SCRIPT@ @DATA@\""));
}

// Nothing in the page names another place, but for the names of XML vocabularies.
TEST(RenderReport, NamesNoAddress) {
  std::string page = RenderReport({Named("a", "x")});
  const std::string vocabulary = "http://www.w3.org/2000/svg";
  for (size_t at = page.find(vocabulary); at != std::string::npos; at = page.find(vocabulary)) {
    page.erase(at, vocabulary.size());
  }
  for (const char* address : {"http:", "https:", "//www", "@import", "url("}) {
    EXPECT_THAT(page, Not(HasSubstr(address)));
  }
}

TEST(WriteReport, NeedsRunsThatCanBeRead) {
  const std::string output = ::testing::TempDir() + "lowbit_report_never.html";
  EXPECT_THAT(WriteReport({}, output).error().message, HasSubstr("at least one"));
  EXPECT_THAT(WriteReport({::testing::TempDir() + "no such run"}, output).error().message,
              HasSubstr("not the folder of a run"));
  EXPECT_FALSE(FileExists(output));
}

TEST(WriteReport, AnUnwritableOutputIsAnError) {
  const std::string folder = ::testing::TempDir() + "lowbit_report_write";
  ASSERT_TRUE(MakeFolders(folder).ok());
  ASSERT_TRUE(WriteFileAtomic(folder + "/run.json",
                              R"({"name": "n", "method": "float", "model": {"name": "m", "weights": 0},
                                  "dataset": {"name": "s", "train": 1, "test": 1, "classes": 2, "image": [1, 1, 1]}})")
                  .ok());
  ASSERT_TRUE(WriteFileAtomic(folder + "/recipe.toml", "").ok());
  ASSERT_TRUE(WriteFileAtomic(folder + "/metrics.jsonl", "").ok());
  EXPECT_FALSE(WriteReport({folder}, folder + "/missing/report.html").ok());
  EXPECT_TRUE(WriteReport({folder}, folder + "/report.html").ok());
  EXPECT_TRUE(FileExists(folder + "/report.html"));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace lowbit::report
