#ifndef LOWBIT_APP_REPORT_RUNS_H_
#define LOWBIT_APP_REPORT_RUNS_H_

#include <string>
#include <vector>

#include "lowbit/app/sweep_summary.h"
#include "lowbit/base/result.h"

namespace lowbit::app {

struct ReportSummary {
  std::string page;
  std::vector<SweepSummary> sweeps;  // Of the folders that are sweeps.
};

// Writes the page that compares the runs in these folders; the folder of a sweep stands for all its runs.
Result<ReportSummary> ReportRuns(const std::vector<std::string>& folders, const std::string& out);

// The tables of the sweeps, and the page's path.
std::string ToText(const ReportSummary& summary);
std::string ToJson(const ReportSummary& summary);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_REPORT_RUNS_H_
