#ifndef LOWBIT_REPORT_SWEEP_H_
#define LOWBIT_REPORT_SWEEP_H_

// The folder of a sweep (docs/run-folder.md): sweep.json, and a run folder for each run.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/report/run.h"
#include "lowbit/report/statistics.h"

namespace lowbit::report {

struct SweepRun {
  enum class State { kWaiting, kUnfinished, kFinished };
  std::string name;   // Its folder, below the sweep's.
  std::string group;  // What it is but for its seed.
  int64_t seed = 0;
  std::string error;  // Why it ended before its end when it was last tried, or why it cannot be read; often empty.
  State state = State::kWaiting;
  std::optional<FinalLine> final;
};

struct Sweep {
  std::string folder, name;
  int64_t threads = 0;  // Of each run.
  std::vector<SweepRun> runs;
};

// Runs that differ in nothing but the seed.
struct SweepGroup {
  std::string name;
  std::vector<size_t> runs;          // Indices.
  std::vector<int64_t> seeds;        // Of the finished runs, which alone count for:
  Statistics score, seconds;         // On the test set after the last epoch; of training.
  std::string measure = "accuracy";  // FinalLine::measure of the scores.
};

// In order of their first runs.
std::vector<SweepGroup> Groups(const Sweep& sweep);

bool IsSweepFolder(const std::string& folder);

// Reads sweep.json and what the runs' own files say by now. Errors: not there, not JSON, a key missing or wrong. A run
// that cannot be read is unfinished and says why.
Result<Sweep> ReadSweep(const std::string& folder);

// Reads one run's files again. A run is finished once its network is packed.
void RefreshRun(const std::string& folder, SweepRun* run);

// The whole as one JSON object, the groups' figures included: sweep.json, on one line.
std::string ToJson(const Sweep& sweep);

// Writes sweep.json, atomically.
Status WriteSweep(const Sweep& sweep);

}  // namespace lowbit::report

#endif  // LOWBIT_REPORT_SWEEP_H_
