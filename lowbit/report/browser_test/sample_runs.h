#ifndef LOWBIT_REPORT_BROWSER_TEST_SAMPLE_RUNS_H_
#define LOWBIT_REPORT_BROWSER_TEST_SAMPLE_RUNS_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace lowbit::report {

// An invented run, as the values of its files.
struct SampleRun {
  nlohmann::json info;
  std::string recipe;
  std::vector<nlohmann::json> metrics;
  std::string rest;  // Behind the last line of metrics.jsonl.
};

// Three runs with the shapes of real ones: float weights; SQ over ternary weights in one run with a ramp; and a ternary
// run that was killed in the middle of a line. Names, layers and warnings try to break out of the page.
std::vector<SampleRun> SampleRuns();

// A sweep of two configurations with three seeds each. Of the first, all runs are finished; of the second, one is, one
// was killed after four epochs, and one has not begun.
struct SampleSweep {
  nlohmann::json index;         // sweep.json
  std::vector<SampleRun> runs;  // Those that have begun, in the order of the index.
};
SampleSweep MakeSampleSweep();

// Writes the folder of a sweep.
void WriteSampleSweep(const SampleSweep& sweep, const std::string& folder);

// Writes a run folder.
void WriteSampleRun(const SampleRun& run, const std::string& folder);

}  // namespace lowbit::report

#endif  // LOWBIT_REPORT_BROWSER_TEST_SAMPLE_RUNS_H_
