#ifndef LOWBIT_REPORT_BROWSER_TEST_PAGE_READING_H_
#define LOWBIT_REPORT_BROWSER_TEST_PAGE_READING_H_

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/report/browser_test/browser.h"

namespace lowbit::report {

struct Screen {
  int width = 1280, height = 900;  // CSS pixels.
  bool phone = false;              // Touch, and the viewport rules of phones.
  bool dark = false;
};

// What a browser made of a page once its scripts had run, every tab was chosen and every table opened.
struct PageReading {
  // Console messages of level error or warning, uncaught exceptions, and what the browser itself complains about.
  std::vector<std::string> complaints;
  // Addresses asked for, but for the page itself and data: addresses.
  std::vector<std::string> requests;
  bool ready = false;    // The script reached its end.
  int scroll_width = 0;  // Of the document, the widest over all tabs; > screen width: it scrolls sideways.
  int tips = 0;          // Charts that show the figures of a place when asked by key.
  std::string background, title, text;
  bool broken_out = false;  // window.broken was set: text was obeyed.
  // Every figure in a table: "figure/layer/run/x/key" (as in TableKey) -> value.
  std::map<std::string, double> cells;
  // Every line of a chart: "figure/layer/run" -> [[x, y], ...] in pixels of the chart.
  std::map<std::string, std::vector<std::pair<double, double>>> lines;
  // The same for the outlines of bands: the upper edge from left to right, then the lower one back.
  std::map<std::string, std::vector<std::pair<double, double>>> bands;
};

std::string TableKey(const std::string& figure, const std::string& layer, int run, double x, const std::string& key);

// Opens the file on the given screen and reads it. Errors: those of the browser.
Result<PageReading> ReadPage(Browser* browser, const std::string& path, const Screen& screen);

// Writes what the browser shows, from top to bottom, as PNG.
Status SaveScreenshot(Browser* browser, const std::string& path);

}  // namespace lowbit::report

#endif  // LOWBIT_REPORT_BROWSER_TEST_PAGE_READING_H_
