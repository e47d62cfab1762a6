#ifndef LOWBIT_TRAIN_TRAINER_TEST_METRICS_H_
#define LOWBIT_TRAIN_TRAINER_TEST_METRICS_H_

// For tests: what a run has written down.

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace lowbit::train {

// The lines of the run's metrics.jsonl of that kind, without one that is just being written.
inline std::vector<nlohmann::json> MetricLines(const std::string& folder, const std::string& kind) {
  std::vector<nlohmann::json> lines;
  std::ifstream file(folder + "/metrics.jsonl");
  for (std::string line; std::getline(file, line);) {
    nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
    if (!json.is_discarded() && json.at("kind") == kind) lines.push_back(std::move(json));
  }
  return lines;
}

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_TRAINER_TEST_METRICS_H_
