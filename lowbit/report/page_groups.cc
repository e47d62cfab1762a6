#include "lowbit/report/page_groups.h"

#include <map>
#include <optional>

#include "lowbit/report/statistics.h"

namespace lowbit::report {
namespace {

using nlohmann::json;

json OrNull(const std::optional<double>& value) { return value.has_value() ? json(*value) : json(nullptr); }

std::vector<const Run*> Finished(const PageGroup& group, const std::vector<Run>& runs) {
  std::vector<const Run*> finished;
  for (const size_t i : group.runs) {
    if (IsFinished(runs[i])) finished.push_back(&runs[i]);
  }
  return finished;
}

json Curve(const std::vector<const Run*>& runs) {
  std::map<double, std::vector<double>> scores;
  for (const Run* run : runs) {
    for (const EpochLine& line : run->epochs) {
      for (const auto& [word, score] : line.scores) scores[line.epoch].push_back(score);
    }
  }
  json epochs = json::array(), means = json::array(), deviations = json::array();
  for (const auto& [epoch, values] : scores) {
    if (values.size() < runs.size()) continue;
    const Statistics statistics = Summarize(values);
    epochs.push_back(epoch);
    means.push_back(statistics.mean);
    deviations.push_back(OrNull(statistics.deviation));
  }
  return {{"epoch", epochs}, {"mean", means}, {"deviation", deviations}};
}

json GroupData(const PageGroup& group, const std::vector<Run>& runs) {
  const std::vector<const Run*> finished = Finished(group, runs);
  std::vector<double> scores, seconds;
  std::string measure = "accuracy";
  for (const Run* run : finished) {
    measure = run->final->measure;
    scores.push_back(run->final->test_score);
    seconds.push_back(run->final->seconds);
  }
  const Statistics score = Summarize(scores);
  json data = {{"name", group.name},
               {"runs", group.planned},
               {"finished", finished.size()},
               {"measure", measure},
               {"curve", Curve(finished)}};
  if (finished.empty()) return data;
  data["mean"] = score.mean;
  data["deviation"] = OrNull(score.deviation);
  data["worst"] = score.least;
  data["best"] = score.most;
  data["seconds"] = Summarize(seconds).mean;
  return data;
}

}  // namespace

json GroupsData(const std::vector<PageGroup>& groups, const std::vector<Run>& runs) {
  json data = json::array();
  for (const PageGroup& group : groups) data.push_back(GroupData(group, runs));
  return data;
}

}  // namespace lowbit::report
