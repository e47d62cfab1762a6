#ifndef LOWBIT_REPORT_REPORT_H_
#define LOWBIT_REPORT_REPORT_H_

// Runs compared on one HTML page that needs nothing but itself: no network, no other file.

#include <cstddef>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/report/run.h"

namespace lowbit::report {

// Runs of a sweep that differ in nothing but the seed.
struct PageGroup {
  std::string name;
  size_t planned = 0;        // Runs that the sweep lists, begun or not.
  std::vector<size_t> runs;  // Indices of those that have begun.
};

// The page as text (UTF-8). It holds every figure of the runs as JSON, from which its script draws charts and tables.
// All text of the runs is escaped: a name such as "</script>" is shown, not obeyed. REQUIRES: runs is not empty.
std::string RenderReport(const std::vector<Run>& runs, const std::vector<PageGroup>& groups = {});

// Reads the run folders (docs/run-folder.md) and writes the page to `output`, whole or not at all. The folder of a sweep
// stands for its runs, which are shown one by one and as groups. Unfinished runs are shown as such. Errors: no folder
// given, a folder that ReadRun or ReadSweep refuses, a sweep none of whose runs has begun, an output that cannot be
// written.
Status WriteReport(const std::vector<std::string>& folders, const std::string& output);

}  // namespace lowbit::report

#endif  // LOWBIT_REPORT_REPORT_H_
