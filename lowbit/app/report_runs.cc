#include "lowbit/app/report_runs.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "lowbit/app/output_file.h"
#include "lowbit/report/report.h"

namespace lowbit::app {

Result<ReportSummary> ReportRuns(const std::vector<std::string>& folders, const std::string& out) {
  LOWBIT_RETURN_IF_ERROR(CheckOutput(out, folders, ".html"));
  ReportSummary summary{out, {}};
  for (const std::string& folder : folders) {
    if (!report::IsSweepFolder(folder)) continue;
    LOWBIT_TRY(report::Sweep sweep, report::ReadSweep(folder));
    summary.sweeps.push_back({std::move(sweep), false});
  }
  LOWBIT_RETURN_IF_ERROR(report::WriteReport(folders, out));
  return summary;
}

std::string ToText(const ReportSummary& summary) {
  std::string text;
  for (const SweepSummary& sweep : summary.sweeps) text += ToText(sweep) + "\n";
  return text + summary.page + "\n";
}

std::string ToJson(const ReportSummary& summary) {
  using Json = nlohmann::ordered_json;
  Json sweeps = Json::array();
  for (const SweepSummary& sweep : summary.sweeps) sweeps.push_back(Json::parse(ToJson(sweep)));
  const Json json = {{"page", summary.page}, {"sweeps", sweeps}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace lowbit::app
