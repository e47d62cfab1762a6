// A sweep's page as a browser shows it. Expected figures are read from the sample's own lines, not through the library.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "lowbit/base/span.h"
#include "lowbit/report/browser_test/expected_cells.h"
#include "lowbit/report/browser_test/page_test.h"
#include "lowbit/report/browser_test/sample_runs.h"
#include "lowbit/report/report.h"

namespace lowbit::report {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Sums of three numbers below 1, and of three seconds below 1000, in another order of operations.
constexpr double kRounding = 1e-12;

class SweepInBrowser : public PageTest {
 protected:
  static void SetUpTestSuite() {
    OpenFolder("sweep");
    sweep_ = MakeSampleSweep();
    WriteSampleSweep(sweep_, folder_);
    const Status written = WriteReport({folder_}, Page());
    ASSERT_TRUE(written.ok()) << written.error().message;
    OpenBrowser();
  }

  static SampleSweep sweep_;
};

SampleSweep SweepInBrowser::sweep_;

double Mean(const std::vector<double>& values) {
  double mean = 0;
  for (const double value : values) mean += value / static_cast<double>(values.size());
  return mean;
}

// By the distances of all pairs: sum (x - mean)^2 = sum over pairs (x - y)^2 / n.
double Deviation(const std::vector<double>& values) {
  const double n = static_cast<double>(values.size());
  double squares = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    for (size_t j = 0; j < i; ++j) squares += std::pow(values[i] - values[j], 2);
  }
  return std::sqrt(squares / n / (n - 1));
}

// The values under `key` of the lines of one kind, one of each run.
std::vector<double> Values(Span<const SampleRun> runs, const std::string& kind, const std::string& key, double epoch) {
  std::vector<double> values;
  for (const SampleRun& run : runs) {
    for (const json& line : run.metrics) {
      if (line["kind"] == kind && line["epoch"] == epoch) values.push_back(line[key]);
    }
  }
  return values;
}

constexpr int kEpochs = 6;

void ExpectGroup(Span<const SampleRun> finished, int group, Cells* cells) {
  const auto set = [&](const std::string& key, double value) {
    (*cells)[TableKey("summary", "", group, -1, "group_" + key)] = value;
  };
  const std::vector<double> last = Values(finished, "final", "test_accuracy", kEpochs);
  ASSERT_EQ(last.size(), finished.size());
  set("finished", static_cast<double>(finished.size()));
  set("mean", Mean(last));
  if (last.size() > 1) set("deviation", Deviation(last));
  set("worst", *std::min_element(last.begin(), last.end()));
  set("best", *std::max_element(last.begin(), last.end()));
  set("seconds", Mean(Values(finished, "final", "seconds", kEpochs)));
  for (int epoch = 1; epoch <= kEpochs; ++epoch) {
    const std::vector<double> values = Values(finished, "epoch", "test_accuracy", epoch);
    (*cells)[TableKey("group_test_accuracy", "", group, epoch, "")] = Mean(values);
    if (values.size() > 1) (*cells)[TableKey("group_test_accuracy", "", group, epoch, "deviation")] = Deviation(values);
  }
}

TEST_F(SweepInBrowser, EveryFigureEqualsTheMetrics) {
  ASSERT_TRUE(reading_.ready);
  Cells expected = ExpectedCells(sweep_.runs);
  const size_t of_runs = expected.size();
  const Span<const SampleRun> runs(sweep_.runs.data(), sweep_.runs.size());
  ExpectGroup(runs.subspan(0, 3), 0, &expected);
  ExpectGroup(runs.subspan(3, 1), 1, &expected);  // Its second run was killed, its third has not begun.
  EXPECT_EQ(expected.size(), of_runs + (6 + 2 * kEpochs) + (5 + kEpochs));
  for (const auto& [key, value] : expected) {
    const auto found = reading_.cells.find(key);
    ASSERT_NE(found, reading_.cells.end()) << key;
    const bool computed = key.find("group_") != std::string::npos;
    EXPECT_NEAR(found->second, value, computed ? kRounding * std::max(1.0, value) : 0) << key;
  }
  for (const auto& [key, value] : reading_.cells) EXPECT_EQ(expected.count(key), 1u) << key << " = " << value;
}

// The band's edges lie one deviation above and below the line, on the scale that the line's own points have.
TEST_F(SweepInBrowser, TheBandIsOneDeviationWide) {
  EXPECT_EQ(reading_.bands.size(), 1u) << "one run has no deviation";
  const auto& line = reading_.lines.at("group_test_accuracy//0");
  const auto& band = reading_.bands.at("group_test_accuracy//0");
  ASSERT_EQ(line.size(), static_cast<size_t>(kEpochs));
  ASSERT_EQ(band.size(), 2 * line.size());
  const auto cell = [&](int epoch, const std::string& key) {
    return reading_.cells.at(TableKey("group_test_accuracy", "", 0, epoch, key));
  };
  const double scale = (line.back().second - line.front().second) / (cell(kEpochs, "") - cell(1, ""));
  for (size_t k = 0; k < line.size(); ++k) {
    const double half = cell(static_cast<int>(k) + 1, "deviation") * scale;
    for (const auto& [edge, side] : {std::pair(band[k], 1.0), std::pair(band[band.size() - 1 - k], -1.0)}) {
      EXPECT_EQ(edge.first, line[k].first);
      // Paths are rounded to a tenth of a pixel: 0.05 for each of the two points, and for the scale.
      EXPECT_NEAR(edge.second, line[k].second + side * half, 0.151) << "epoch " << k + 1;
    }
  }
}

TEST_F(SweepInBrowser, SaysWhatItShows) {
  EXPECT_EQ(reading_.title, "2 configurations, 5 runs · lowbit report");
  EXPECT_THAT(reading_.text, HasSubstr("(1 of 3 runs finished)"));
  EXPECT_THAT(reading_.text, HasSubstr("after the last epoch"));
}

// Colours and layouts of every other kind are looked at by ReportInBrowser.
TEST_F(SweepInBrowser, NoComplaintNoRequestNoSidewaysScroll) {
  const Screen desk, phone = {390, 844, true, true};
  for (const Screen& screen : {desk, phone}) {
    const PageReading reading = Read(Page(), screen);
    EXPECT_THAT(reading.complaints, IsEmpty());
    EXPECT_THAT(reading.requests, IsEmpty());
    EXPECT_LE(reading.scroll_width, screen.width);
    EXPECT_EQ(reading.cells, reading_.cells);
    if (const char* folder = std::getenv("LOWBIT_SCREENSHOTS")) {
      const std::string path = std::string(folder) + "/sweep-" + std::to_string(screen.width) + ".png";
      EXPECT_TRUE(SaveScreenshot(browser_, path).ok());
    }
  }
}

}  // namespace
}  // namespace lowbit::report
