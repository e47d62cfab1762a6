#ifndef LOWBIT_APP_SWEEP_SUMMARY_H_
#define LOWBIT_APP_SWEEP_SUMMARY_H_

#include <string>

#include "lowbit/report/sweep.h"

namespace lowbit::app {

// What `lowbit train` and `lowbit report` say of a sweep.
struct SweepSummary {
  report::Sweep sweep;
  bool interrupted = false;  // By a signal, before all runs had their turn.
};

// A table: one row for each configuration, with mean and deviation over its seeds.
std::string ToText(const SweepSummary& summary);
// One JSON object, that of sweep.json.
std::string ToJson(const SweepSummary& summary);

// Ok if every run is finished. Otherwise one sentence that names those that failed, and why, and counts those that
// are waiting.
Status Completeness(const SweepSummary& summary);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_SWEEP_SUMMARY_H_
