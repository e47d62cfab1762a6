#ifndef LOWBIT_CORE_ROW_WEIGHTS_H_
#define LOWBIT_CORE_ROW_WEIGHTS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "lowbit/core/graph.h"

namespace lowbit {

// An input of a node that learning methods make low-bit where it is a trained weight.
struct RowWeight {
  std::string layer;  // What recipes and reports call it: the node, or of a recurrent one "<node>.W" and "<node>.R".
  size_t input = 0;   // Of the node.
};

// Those of a node whose first dimension counts what has a scale of its own: output channels of Conv and of Gemm with transB;
// directions of W and R of LSTM, GRU and RNN, so that each of these matrices is quantized for itself. None of other nodes; the
// inputs may be anything.
std::vector<RowWeight> RowWeightsOf(const Node& node);

}  // namespace lowbit

#endif  // LOWBIT_CORE_ROW_WEIGHTS_H_
