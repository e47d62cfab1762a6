#ifndef BENCH_RACE_NETWORK_H_
#define BENCH_RACE_NETWORK_H_

#include <nlohmann/json.hpp>

#include "bench/race/contest.h"

namespace lowbit::bench {

// A network of lowbit/models with random weights, for 10 classes (32x32) or 1000. Batch normalization is folded into
// scales and biases, which both sides do before they run. The inputs of all layers are on 8-bit grids, whose scales come
// from the values of one image, or, with activations "floats", on none.
// The rival's graph has a grid after every other operator too, because ONNX Runtime computes in integers only what has
// grids on both sides; lowbit adds residuals before it rounds.
// Errors: as BuildModel and ValuesNamed.
Result<Contest> NetworkContest(const nlohmann::json& spec);

}  // namespace lowbit::bench

#endif  // BENCH_RACE_NETWORK_H_
