#ifndef LOWBIT_ACCELERATOR_COMPILE_H_
#define LOWBIT_ACCELERATOR_COMPILE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/accelerator/place.h"
#include "lowbit/accelerator/program.h"
#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"

namespace lowbit::accelerator {

struct CompileOptions {
  // The stretch of the network that is to run there, by names of nodes or values of the integer form: FindStretch. "": the first
  // quantizer, and the last Conv or Gemm that can be computed from it.
  std::string from, to;
  int lanes = 8;
};

struct Compiled {
  Program program;
  Place input;
  // Of the last layer's codes; of its sums, if `raw`, only value and extents count.
  Place output;
  bool raw = false;
  struct LayerSource {
    std::string node, op;
    int64_t macs = 0;  // Of one image, those in the padding counted: output elements times weights of a row.
  };
  std::vector<LayerSource> sources;         // Of program.layers.
  std::vector<std::string> before, behind;  // The network's nodes that are left to the host.
};

// The network between two of its values as a program, whose codes and sums are those of the integer form (docs/integers.md) bit for bit.
// Weights and activations get the coding with the fewest bits that has all their integers, the accumulators as many bits as the
// largest sum that the weights allow needs. Errors: FindStretch's; integers that no coding of 8 bits has.
Result<Compiled> Compile(const Graph& graph, const CompileOptions& options);

}  // namespace lowbit::accelerator

#endif  // LOWBIT_ACCELERATOR_COMPILE_H_
