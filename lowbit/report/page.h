#ifndef LOWBIT_REPORT_PAGE_H_
#define LOWBIT_REPORT_PAGE_H_

#include <string>
#include <vector>

#include "lowbit/report/report.h"
#include "lowbit/report/run.h"

namespace lowbit::report {

// The files of lowbit/report/page, put into the program by CMake. The template holds the marks @STYLE@, @DATA@ and
// @SCRIPT@, each once.
extern const char* const kPageTemplate;
extern const char* const kPageStyle;
extern const char* const kPageScript;

// What the page's script reads, as JSON text that may stand inside a <script> element: it holds no '<'.
std::string PageData(const std::vector<Run>& runs, const std::vector<PageGroup>& groups = {});

// What each run is called on the page: its name, or, where several have the same, name and folder, and a number if that
// is not enough.
std::vector<std::string> RunLabels(const std::vector<Run>& runs);

}  // namespace lowbit::report

#endif  // LOWBIT_REPORT_PAGE_H_
