#ifndef LOWBIT_ACCELERATOR_STRETCH_H_
#define LOWBIT_ACCELERATOR_STRETCH_H_

// The part of a network between two of its values, as layers that the accelerator has.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"

namespace lowbit::accelerator {

// A value of integers, [channels, height, width].
struct CodedTensor {
  std::string value;
  std::vector<int64_t> levels;  // The integers that it may have, ascending.
  int64_t channels = 1, height = 1, width = 1;
};

// A Conv or Gemm and what follows it up to the quantizer, or a MaxPool.
struct Stage {
  // Pixel (y, x) and channel c of the stage's output have the skip tensor's (y * stride_y, x * stride_x) and c - first_channel; 0 where
  // there is no such channel.
  struct Skip {
    size_t tensor = 0;
    std::string value;  // As the nodes below read it.
    int64_t stride_y = 1, stride_x = 1;
    int64_t first_channel = 0;
  };

  Node node;
  size_t input = 0;
  std::optional<size_t> output;  // None: the sums are the result.
  std::string sum;               // The node's value.
  // From the sums to the integers, without what only moves elements: elementwise and rising or falling in the sum, last the quantizer.
  std::vector<Node> codes;
  std::optional<Skip> skip;
};

struct Stretch {
  std::vector<CodedTensor> tensors;  // The first is the input.
  std::vector<Stage> stages;         // In an order in which they can run.
  std::vector<std::string> passed;   // Names of nodes that change nothing: Flatten and its like.
};

// How `to` is computed from `from` in a graph in integer form. `from`: the value of a quantizer. `to`: a quantizer's, or a Conv's or Gemm's,
// whose sums are the result then. A pool before a quantizer becomes one behind it: what is monotonous does not change the largest.
// Errors, which name the node: an operator that the accelerator has not, groups or dilations, more than two tensors in a sum, ...
Result<Stretch> FindStretch(const Graph& form, const std::string& from, const std::string& to);

}  // namespace lowbit::accelerator

#endif  // LOWBIT_ACCELERATOR_STRETCH_H_
