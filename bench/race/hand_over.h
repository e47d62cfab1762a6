#ifndef BENCH_RACE_HAND_OVER_H_
#define BENCH_RACE_HAND_OVER_H_

// A contest as files, out of which the rival's model is made (bench/race/rival_models.py).

#include <string>
#include <vector>

#include "bench/race/contest.h"

namespace lowbit::bench {

// Writes into the folder, which exists:
//
//   contest.json   {batch, inputs, outputs, nodes: the rival's graph, parameters: {name: tensor}}; a tensor is {shape, type,
//                  file} with type "float32" or "int64", or {shape, type "int8", file, scales} for low-bit weights: integers,
//                  and a file of float32 with one scale, or one for each row
//   input.f32, output.f32   the whole batch; `output` as lowbit computes it
//
// and files of raw numbers in the processor's order. Errors: a file that cannot be written; a value set of no integers.
Status HandOver(const Contest& contest, const std::vector<float>& output, const std::string& folder);

}  // namespace lowbit::bench

#endif  // BENCH_RACE_HAND_OVER_H_
