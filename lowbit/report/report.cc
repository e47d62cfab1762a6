#include "lowbit/report/report.h"

#include "lowbit/base/file.h"
#include "lowbit/report/page.h"

namespace lowbit::report {
namespace {

void Fill(std::string* page, const std::string& mark, const std::string& content) {
  const size_t at = page->find(mark);
  LOWBIT_CHECK(at != std::string::npos);
  page->replace(at, mark.size(), content);
}

}  // namespace

std::string RenderReport(const std::vector<Run>& runs) {
  LOWBIT_CHECK(!runs.empty());
  std::string page = kPageTemplate;
  // The data last: what it holds must not be taken for a mark.
  Fill(&page, "@STYLE@", kPageStyle);
  Fill(&page, "@SCRIPT@", kPageScript);
  Fill(&page, "@DATA@", PageData(runs));
  return page;
}

Status WriteReport(const std::vector<std::string>& folders, const std::string& output) {
  if (folders.empty()) return Invalid("no run folder given; expected at least one to report on");
  std::vector<Run> runs;
  for (const std::string& folder : folders) {
    LOWBIT_TRY(Run run, ReadRun(folder));
    runs.push_back(std::move(run));
  }
  return WriteFileAtomic(output, RenderReport(runs));
}

}  // namespace lowbit::report
