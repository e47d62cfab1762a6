#ifndef LOWBIT_REPORT_REPORT_H_
#define LOWBIT_REPORT_REPORT_H_

// Runs compared on one HTML page that needs nothing but itself: no network, no other file.

#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/report/run.h"

namespace lowbit::report {

// The page as text (UTF-8). It holds every figure of the runs as JSON, from which its script draws charts and tables.
// All text of the runs is escaped: a name such as "</script>" is shown, not obeyed. REQUIRES: runs is not empty.
std::string RenderReport(const std::vector<Run>& runs);

// Reads the run folders (docs/run-folder.md) and writes the page to `output`, whole or not at all. Unfinished runs are
// shown as such. Errors: no folder given, a folder that ReadRun refuses, an output that cannot be written.
Status WriteReport(const std::vector<std::string>& folders, const std::string& output);

}  // namespace lowbit::report

#endif  // LOWBIT_REPORT_REPORT_H_
