#ifndef LOWBIT_REPORT_BROWSER_TEST_PAGE_TEST_H_
#define LOWBIT_REPORT_BROWSER_TEST_PAGE_TEST_H_

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>

#include "lowbit/report/browser_test/browser.h"
#include "lowbit/report/browser_test/page_reading.h"

namespace lowbit::report {

// What the tests of a page share: one browser, a folder that is removed behind them, and the page read once, on a desk.
// A suite writes its page to Page() in its SetUpTestSuite, between OpenFolder and OpenBrowser.
class PageTest : public ::testing::Test {
 protected:
  static void OpenFolder(const std::string& name) {
    folder_ = std::filesystem::temp_directory_path().string() + "/lowbit-" + name + "-" + std::to_string(getpid());
  }

  static void OpenBrowser() {
    Result<Browser> started = Browser::Start();
    ASSERT_TRUE(started.ok()) << started.error().message;
    browser_ = new Browser(std::move(started).value());
    reading_ = Read(Page(), Screen());
  }

  static void TearDownTestSuite() {
    delete browser_;
    browser_ = nullptr;
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  void SetUp() override { ASSERT_NE(browser_, nullptr); }

  static std::string Page() { return folder_ + "/report.html"; }

  static PageReading Read(const std::string& path, const Screen& screen) {
    Result<PageReading> reading = ReadPage(browser_, path, screen);
    EXPECT_TRUE(reading.ok()) << (reading.ok() ? "" : reading.error().message);
    return reading.ok() ? reading.value() : PageReading();
  }

  inline static Browser* browser_ = nullptr;
  inline static PageReading reading_;
  inline static std::string folder_;
};

}  // namespace lowbit::report

#endif  // LOWBIT_REPORT_BROWSER_TEST_PAGE_TEST_H_
