#ifndef BENCH_RACE_CONTEST_H_
#define BENCH_RACE_CONTEST_H_

// What is raced: a layer or a network with random weights and an input, the same for both sides.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"

namespace lowbit::bench {

struct Contest {
  Graph graph;  // One input "x" (networks: "image"), one output; activations on grids or floats, low-bit weights.
  Graph rival;  // The same for the rival: see NetworkContest. Layers: equal to graph.
  // Whether the rival's activations lie on the same grids; if not, its answers are other ones.
  bool same_grids = true;
  int64_t batch = 1;
  std::vector<float> input;  // Of the whole batch, NCHW.
  double macs = 0;           // Multiplications of one run.
};

// `spec` is an object:
//   kind      "conv", "linear" or "network"
//   weights   as ValuesNamed (draw.h) knows them; of a network: of all layers but the first and last, which have 8 bits, or,
//             where activations are floats, but the first, which has floats
//   activations  "bytes" (8 bits), "bits2" or "signs": of a convolution, which then takes and gives floats, or of the layers of a
//             network between first and last, whose residuals stay floats; "floats": of a network or a linear layer ("bytes")
//   batch     images or rows (1)
//   conv      channels [in, out], size, kernel, stride (1), groups (1): square, padded by kernel / 2; grids of bytes at
//             both ends
//   linear    features [in, out], signed (false): whether the input's bytes are; float results. layers (1): so many, one
//             after the other, in = out
//   network   network: its name, as recipes have it; size of its square images; depth, where it has several
// Scales of layers are powers of two and their inputs lie on the grid, so that both sides can compute exactly.
// Errors: an unknown kind, weights or network; an extent out of range. Throws what nlohmann::json throws for a key that lacks or has another type.
Result<Contest> MakeContest(const nlohmann::json& spec);

}  // namespace lowbit::bench

#endif  // BENCH_RACE_CONTEST_H_
