#ifndef BENCH_RACE_ENTRANT_H_
#define BENCH_RACE_ENTRANT_H_

// lowbit's side of the race: a graph on one thread of the runtime.

#include <memory>
#include <string>
#include <vector>

#include "bench/race/contest.h"

namespace lowbit::bench {

class Entrant {
 public:
  virtual ~Entrant() = default;
  // What the clock sees.
  virtual void Run() = 0;
  // The graph's output for the whole batch, NCHW, after a run.
  virtual std::vector<float> Output() = 0;
  // The kernels that Run calls, in order; of a network, each once.
  virtual std::vector<std::string> Kernels() const = 0;
};

// Run takes floats and gives floats, as any program does that uses the runtime. REQUIRES: the contest outlives it.
Result<std::unique_ptr<Entrant>> MakeModelEntrant(const Contest& contest);

// Which steps of the runtime's plan a clock sees; what they read and write is NHWC.
enum class PlanPart : uint8_t {
  kAll,  // From floats to floats.
  kMiddle,  // From the bytes of the first grid to those of the last one: not the first step, which quantizes the input, nor
            // the last, which makes floats of the output's bytes.
};

// REQUIRES: batch 1
// Errors: a plan of fewer than three steps for kMiddle.
Result<std::unique_ptr<Entrant>> MakePlanEntrant(const Contest& contest, PlanPart part);

}  // namespace lowbit::bench

#endif  // BENCH_RACE_ENTRANT_H_
