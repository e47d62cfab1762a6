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
  std::map<double, std::vector<double>> accuracies;
  for (const Run* run : runs) {
    for (const EpochLine& line : run->epochs) {
      if (line.test_accuracy.has_value()) accuracies[line.epoch].push_back(*line.test_accuracy);
    }
  }
  json epochs = json::array(), means = json::array(), deviations = json::array();
  for (const auto& [epoch, values] : accuracies) {
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
  std::vector<double> accuracies, seconds;
  for (const Run* run : finished) {
    accuracies.push_back(run->final->test_accuracy);
    seconds.push_back(run->final->seconds);
  }
  const Statistics accuracy = Summarize(accuracies);
  json data = {
      {"name", group.name}, {"runs", group.planned}, {"finished", finished.size()}, {"curve", Curve(finished)}};
  if (finished.empty()) return data;
  data["mean"] = accuracy.mean;
  data["deviation"] = OrNull(accuracy.deviation);
  data["worst"] = accuracy.least;
  data["best"] = accuracy.most;
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
