#ifndef LOWBIT_APP_REPORT_RUNS_H_
#define LOWBIT_APP_REPORT_RUNS_H_

#include <string>
#include <vector>

#include "lowbit/base/result.h"

namespace lowbit::app {

// Writes the page that compares the runs in these folders.
Status ReportRuns(const std::vector<std::string>& folders, const std::string& out);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_REPORT_RUNS_H_
