#include "lowbit/app/report_runs.h"

#include "lowbit/report/report.h"

namespace lowbit::app {

Status ReportRuns(const std::vector<std::string>& folders, const std::string& out) {
  return report::WriteReport(folders, out);
}

}  // namespace lowbit::app
