#include "lowbit/report/report.h"

#include <algorithm>
#include <utility>

#include "lowbit/base/file.h"
#include "lowbit/report/page.h"
#include "lowbit/report/sweep.h"

namespace lowbit::report {
namespace {

void Fill(std::string* page, const std::string& mark, const std::string& content) {
  const size_t at = page->find(mark);
  LOWBIT_CHECK(at != std::string::npos);
  page->replace(at, mark.size(), content);
}

struct Content {
  std::vector<Run> runs;
  std::vector<PageGroup> groups;
};

Status AddRun(const std::string& folder, Content* content) {
  LOWBIT_TRY(Run run, ReadRun(folder));
  content->runs.push_back(std::move(run));
  return Ok();
}

// `prefix` tells the groups of several sweeps apart.
Status AddSweep(const std::string& folder, bool prefix, Content* content) {
  LOWBIT_TRY(const Sweep sweep, ReadSweep(folder));
  const size_t before = content->runs.size();
  for (const SweepGroup& group : Groups(sweep)) {
    PageGroup shown{prefix ? sweep.name + "/" + group.name : group.name, group.runs.size(), {}};
    for (const size_t i : group.runs) {
      if (sweep.runs[i].state == SweepRun::State::kWaiting) continue;
      shown.runs.push_back(content->runs.size());
      LOWBIT_RETURN_IF_ERROR(AddRun(folder + "/" + sweep.runs[i].name, content));
    }
    content->groups.push_back(std::move(shown));
  }
  if (content->runs.size() > before) return Ok();
  return Invalid(folder + ": no run of the sweep has begun; there is nothing to report");
}

}  // namespace

std::string RenderReport(const std::vector<Run>& runs, const std::vector<PageGroup>& groups) {
  LOWBIT_CHECK(!runs.empty());
  std::string page = kPageTemplate;
  // The data last: what it holds must not be taken for a mark.
  Fill(&page, "@STYLE@", kPageStyle);
  Fill(&page, "@SCRIPT@", kPageScript);
  Fill(&page, "@DATA@", PageData(runs, groups));
  return page;
}

Status WriteReport(const std::vector<std::string>& folders, const std::string& output) {
  if (folders.empty()) return Invalid("no run folder given; expected at least one to report on");
  const bool several = std::count_if(folders.begin(), folders.end(), IsSweepFolder) > 1;
  Content content;
  for (const std::string& folder : folders) {
    LOWBIT_RETURN_IF_ERROR(IsSweepFolder(folder) ? AddSweep(folder, several, &content) : AddRun(folder, &content));
  }
  return WriteFileAtomic(output, RenderReport(content.runs, content.groups));
}

}  // namespace lowbit::report
