#include "lowbit/app/sweep_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "lowbit/app/text.h"
#include "lowbit/base/suggest.h"
#include "lowbit/core/measure.h"

namespace lowbit::app {
namespace {

using report::SweepGroup;
using report::SweepRun;

std::vector<std::string> Row(const SweepGroup& group) {
  const size_t runs = group.runs.size(), finished = group.seeds.size();
  const std::string seeds = finished == runs ? fmt::format("{}", runs) : fmt::format("{} of {}", finished, runs);
  if (finished == 0) return {group.name, seeds, "-", "-", "-", "-", "-"};
  const report::Statistics& score = group.score;
  const TestMeasure& measure = TestMeasureOf(group.measure);
  const auto text = [&](double value) { return measure.Text(value); };
  return {group.name,
          seeds,
          text(score.mean),
          score.deviation.has_value() ? fmt::format("± {:.2f}", (measure.is_share ? 100 : 1) * *score.deviation) : "-",
          text(score.least),
          text(score.most),
          fmt::format("{:.0f}", group.seconds.mean)};
}

int64_t CountFinished(const report::Sweep& sweep) {
  return std::count_if(sweep.runs.begin(), sweep.runs.end(),
                       [](const SweepRun& run) { return run.state == SweepRun::State::kFinished; });
}

}  // namespace

std::string ToText(const SweepSummary& summary) {
  const report::Sweep& sweep = summary.sweep;
  std::vector<std::vector<std::string>> rows = {
      {"configuration", "seeds", "last epoch", "deviation", "worst", "best", "seconds"}};
  for (const SweepGroup& group : report::Groups(sweep)) rows.push_back(Row(group));
  return fmt::format(
      "{}: {} of {} runs finished; tests after the last epoch, mean and sample standard deviation over the "
      "seeds; seconds of training, mean\n\n{}",
      sweep.folder, CountFinished(sweep), sweep.runs.size(), TextTable(rows));
}

std::string ToJson(const SweepSummary& summary) { return report::ToJson(summary.sweep); }

Status Completeness(const SweepSummary& summary) {
  const report::Sweep& sweep = summary.sweep;
  const int64_t total = static_cast<int64_t>(sweep.runs.size()), finished = CountFinished(sweep);
  if (finished == total) return Ok();
  if (summary.interrupted) {
    return Failed(fmt::format("{}: interrupted with {} of {} runs finished; --resume continues there", sweep.folder,
                              finished, total));
  }
  std::vector<std::string> failed;
  for (const SweepRun& run : sweep.runs) {
    if (run.state != SweepRun::State::kFinished) failed.push_back(run.name + " (" + run.error + ")");
  }
  return Failed(fmt::format("{}: {} of {} runs failed: {}", sweep.folder, failed.size(), total, Join(failed, "; ")));
}

}  // namespace lowbit::app
