// The report as a browser shows it. Expected figures are read from the sample's own lines, not through the library.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "lowbit/base/file.h"
#include "lowbit/report/browser_test/expected_cells.h"
#include "lowbit/report/browser_test/page_test.h"
#include "lowbit/report/browser_test/sample_runs.h"
#include "lowbit/report/report.h"

namespace lowbit::report {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ReportInBrowser : public PageTest {
 protected:
  static void SetUpTestSuite() {
    OpenFolder("report");
    samples_ = SampleRuns();
    std::vector<std::string> folders;
    for (size_t i = 0; i < samples_.size(); ++i) {
      folders.push_back(folder_ + "/run" + std::to_string(i));
      WriteSampleRun(samples_[i], folders.back());
    }
    const Status written = WriteReport(folders, Page());
    ASSERT_TRUE(written.ok()) << written.error().message;
    const Status small = WriteReport({folders[0]}, folder_ + "/small.html");
    ASSERT_TRUE(small.ok()) << small.error().message;
    OpenBrowser();
  }

  // The page of the first run alone (quicker to read) with `from` replaced by `to`, to prove that a check can fail.
  static std::string Spoiled(const std::string& from, const std::string& to) {
    Result<std::string> page = ReadTextFile(folder_ + "/small.html");
    EXPECT_TRUE(page.ok());
    std::string text = page.ok() ? page.value() : "";
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    if (at != std::string::npos) text.replace(at, from.size(), to);
    std::string path = folder_ + "/spoiled.html";
    EXPECT_TRUE(WriteFileAtomic(path, text).ok());
    return path;
  }

  static std::vector<SampleRun> samples_;
};

std::vector<SampleRun> ReportInBrowser::samples_;

TEST_F(ReportInBrowser, EveryFigureEqualsTheMetrics) {
  const PageReading& reading = reading_;
  EXPECT_TRUE(reading.ready);
  const Cells expected = ExpectedCells(samples_);
  EXPECT_GT(expected.size(), 1500u);
  for (const auto& [key, value] : expected) {
    const auto found = reading.cells.find(key);
    ASSERT_NE(found, reading.cells.end()) << key;
    EXPECT_EQ(found->second, value) << key;
  }
  for (const auto& [key, value] : reading.cells) EXPECT_EQ(expected.count(key), 1u) << key << " = " << value;
}

TEST_F(ReportInBrowser, AWrongFigureIsNoticed) {
  const PageReading reading = Read(Spoiled("\"float_bytes\":395048", "\"float_bytes\":395049"), Screen());
  EXPECT_EQ(reading.cells.at(TableKey("size", "", 0, -1, "float_bytes")), 395049);
  Cells expected = ExpectedCells({samples_[0]});
  EXPECT_NE(reading.cells, expected);
  expected[TableKey("size", "", 0, -1, "float_bytes")] = expected[TableKey("summary", "", 0, -1, "float_bytes")] =
      395049;
  EXPECT_EQ(reading.cells, expected);
}

// Each line has one point for each figure of its table, and pixels are one affine function of values for a whole chart.
TEST_F(ReportInBrowser, LinesAreDrawnWhereTheFiguresAre) {
  const PageReading& reading = reading_;
  struct Point {
    double value, pixel;
  };
  std::map<std::string, std::vector<Point>> across, down;
  size_t lines = 0;
  for (const auto& [key, points] : reading.lines) {
    const std::string chart = key.substr(0, key.rfind('/'));
    size_t k = 0;
    // The cells of a line in order of x.
    std::map<double, double> cells;
    for (const auto& [cell, value] : reading.cells) {
      if (cell.rfind(key + "/", 0) == 0) cells[std::strtod(cell.c_str() + key.size() + 1, nullptr)] = value;
    }
    ASSERT_EQ(points.size(), cells.size()) << key;
    for (const auto& [x, y] : cells) {
      across[chart].push_back({x, points[k].first});
      down[chart].push_back({y, points[k].second});
      ++k;
    }
    ++lines;
  }
  // 4 epoch charts and 3 step charts of 3 runs; 4 quantities of 4 layers of the 2 quantized runs; 3 of 2 quantizers of one.
  EXPECT_EQ(lines, 7u * 3 + 4 * 4 * 2 + 3 * 2);
  for (const auto* axis : {&across, &down}) {
    for (const auto& [chart, points] : *axis) {
      const auto less = [](const Point& a, const Point& b) { return a.value < b.value; };
      const auto [low, high] = std::minmax_element(points.begin(), points.end(), less);
      const double range = high->value - low->value;
      if (range == 0) continue;
      for (const Point& point : points) {
        const double expected = low->pixel + (point.value - low->value) / range * (high->pixel - low->pixel);
        // Paths are rounded to a tenth of a pixel: 0.05 for the point and at most 0.05 for the line between the two ends.
        EXPECT_NEAR(point.pixel, expected, 0.1001) << chart;
      }
    }
  }
}

TEST_F(ReportInBrowser, NoComplaintNoRequestNoSidewaysScroll) {
  std::set<std::string> backgrounds;
  for (const bool dark : {false, true}) {
    for (const int width : {390, 1280}) {
      const PageReading reading = Read(Page(), {width, 844, width < 500, dark});
      EXPECT_TRUE(reading.ready);
      EXPECT_THAT(reading.complaints, IsEmpty());
      EXPECT_THAT(reading.requests, IsEmpty());
      EXPECT_LE(reading.scroll_width, width);
      EXPECT_EQ(reading.tips, 7 + 4 + 2 + 4) << "charts of the run, of the layers, of activations, histograms";
      EXPECT_EQ(reading.cells, reading_.cells);
      backgrounds.insert(reading.background);
      if (const char* folder = std::getenv("LOWBIT_SCREENSHOTS")) {
        const std::string name = std::string(dark ? "dark-" : "light-") + std::to_string(width) + ".png";
        EXPECT_TRUE(SaveScreenshot(browser_, std::string(folder) + "/" + name).ok());
      }
    }
  }
  EXPECT_EQ(backgrounds.size(), 2u) << "light and dark look the same";
}

TEST_F(ReportInBrowser, AConsoleErrorIsNoticed) {
  const std::string end = "</body>";
  EXPECT_THAT(Read(Spoiled(end, "<script>throw new Error('x')</script></body>"), Screen()).complaints, Not(IsEmpty()));
  EXPECT_THAT(Read(Spoiled(end, "<script>console.error('x')</script></body>"), Screen()).complaints, Not(IsEmpty()));
  const PageReading reading = Read(Spoiled("header();", "header( ;"), Screen());
  EXPECT_THAT(reading.complaints, Not(IsEmpty()));
  EXPECT_FALSE(reading.ready);
}

// The page's own policy stops requests, and the browser complains; without the policy they would be sent.
TEST_F(ReportInBrowser, ARequestIsNoticed) {
  const std::string image = "<img src=\"http://127.0.0.1:9/x.png\" alt=\"\"></body>";
  EXPECT_THAT(Read(Spoiled("</body>", image), Screen()).complaints, Not(IsEmpty()));
  const std::string policy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:";
  const std::string fetching = "default-src * 'unsafe-inline'";
  const std::string path = Spoiled(policy, fetching);
  Result<std::string> text = ReadTextFile(path);
  ASSERT_TRUE(text.ok());
  text.value().replace(text.value().find("</body>"), 7, image);
  ASSERT_TRUE(WriteFileAtomic(path, text.value()).ok());
  EXPECT_THAT(Read(path, Screen()).requests, ::testing::ElementsAre("http://127.0.0.1:9/x.png"));
}

TEST_F(ReportInBrowser, SidewaysScrollIsNoticed) {
  const PageReading reading =
      Read(Spoiled("</body>", "<div style=\"width: 420px\">wide</div></body>"), {390, 844, true, false});
  EXPECT_GT(reading.scroll_width, 390);
}

TEST_F(ReportInBrowser, TextOfTheRunsIsShownAndNotObeyed) {
  const PageReading& reading = reading_;
  EXPECT_FALSE(reading.broken_out);
  EXPECT_THAT(reading.text, HasSubstr(samples_[1].info["name"].get<std::string>()));
  EXPECT_THAT(reading.text, HasSubstr("checksum of <b>t10k-labels</b> differs from the published one"));
  EXPECT_THAT(reading.text, HasSubstr("fc<i>1</i>"));
  EXPECT_THAT(reading.text, HasSubstr("learning_rate = 0.1"));
  EXPECT_EQ(reading.title, "3 runs compared · lowbit report");
}

TEST_F(ReportInBrowser, AnUnfinishedRunIsShownAsThat) {
  const PageReading& reading = reading_;
  EXPECT_THAT(reading.text, HasSubstr("(unfinished)"));
  EXPECT_THAT(reading.text, HasSubstr("was cut off and is ignored"));
}

TEST_F(ReportInBrowser, PointersAndKeysReadExactFigures) {
  Read(Page(), Screen());
  // A real mouse movement to the left end of the first chart, then a key on it.
  const Result<json> place = browser_->Evaluate(R"js((() => {
    const svg = document.querySelector('[data-figure="test_accuracy"] .plot svg');
    svg.scrollIntoView({ block: "center" });
    const box = svg.getBoundingClientRect();
    return [box.left + 62, box.top + box.height / 2];
  })())js");
  ASSERT_TRUE(place.ok()) << place.error().message;
  ASSERT_TRUE(
      browser_
          ->Call("Input.dispatchMouseEvent", {{"type", "mouseMoved"}, {"x", place.value()[0]}, {"y", place.value()[1]}})
          .ok());
  const std::string tip = "document.querySelector('[data-figure=\"test_accuracy\"] .tip').innerText";
  const auto percent_at = [&](int run, int epoch) -> std::string {
    for (const json& line : samples_[static_cast<size_t>(run)].metrics) {
      if (line["kind"] != "epoch" || line["epoch"] != epoch) continue;
      char text[32];
      std::snprintf(text, sizeof(text), "%.10g %%", line["test_accuracy"].get<double>() * 100);
      return text;
    }
    return "no such epoch";
  };
  Result<json> shown = browser_->Evaluate(tip);
  ASSERT_TRUE(shown.ok());
  EXPECT_THAT(shown.value().get<std::string>(), HasSubstr("Epoch 1"));
  EXPECT_THAT(shown.value().get<std::string>(), HasSubstr(percent_at(0, 1)));
  const std::string press_end =
      "document.querySelector('[data-figure=\"test_accuracy\"] svg[tabindex]')"
      ".dispatchEvent(new KeyboardEvent('keydown', {key: 'End'}))";
  ASSERT_TRUE(browser_->Evaluate(press_end).ok());
  shown = browser_->Evaluate(tip);
  ASSERT_TRUE(shown.ok());
  EXPECT_THAT(shown.value().get<std::string>(), HasSubstr("Epoch 6"));
  EXPECT_THAT(shown.value().get<std::string>(), HasSubstr(percent_at(1, 6)));
  // The run that ended early shows its own last epoch, and says so.
  EXPECT_THAT(shown.value().get<std::string>(), HasSubstr("(epoch 4)"));
}

}  // namespace
}  // namespace lowbit::report
