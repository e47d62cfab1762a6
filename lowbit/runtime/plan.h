#ifndef LOWBIT_RUNTIME_PLAN_H_
#define LOWBIT_RUNTIME_PLAN_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"
#include "lowbit/runtime/model.h"
#include "lowbit/runtime/step.h"

namespace lowbit::runtime {

// 64 bytes: where every value in memory begins.
inline constexpr int64_t kCacheLineFloats = 16;

// A value that enters or leaves: where it is, and its shape for the planned batch.
struct PlannedValue {
  std::string name;
  Shape shape;
  int number = -1;                        // Of the step's values; -1: a constant.
  const FloatTensor* constant = nullptr;  // Owned by the plan.
};

// A graph made ready to run: kernels with packed weights, in order, and a place in memory for every value.
struct Plan {
  std::vector<PlannedValue> inputs, outputs;
  std::vector<std::unique_ptr<Step>> steps;
  std::vector<int64_t> offsets;  // Of each value number, in floats, for one planned batch.
  int64_t arena_floats = 0;      // For one planned batch; `n` times as much for n at once, offsets likewise.
  int64_t scratch_floats = 0;    // For each thread.
  std::vector<NodePlan> nodes;   // As Model::Nodes.
  bool independent = true;       // ImagesAreIndependent.
  // Float constants that are outputs.
  std::map<std::string, FloatTensor> output_constants;
};

// Whether running the graph on a batch is running it on each image alone: then a plan for one image serves any batch.
// REQUIRES: Validate(graph).ok()
bool ImagesAreIndependent(const Graph& graph);

// The plan for that batch. `graph` is not needed afterwards.
// Errors: as Validate; a value of more than kMaxPlannedFloats elements, or so many that must be kept at the same time, so
// that no small file with absurd extents takes the machine down.
inline constexpr int64_t kMaxPlannedFloats = int64_t{1} << 28;
Result<Plan> MakePlan(const Graph& graph, int64_t batch);

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_PLAN_H_
