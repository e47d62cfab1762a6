#include "lowbit/core/row_weights.h"

namespace lowbit {

std::vector<RowWeight> RowWeightsOf(const Node& node) {
  if (node.op == "LSTM" || node.op == "GRU" || node.op == "RNN") return {{node.name + ".W", 1}, {node.name + ".R", 2}};
  const bool product = node.op == "Conv" || (node.op == "Gemm" && IntAttribute(node, "transB", 0) != 0);
  if (product && node.inputs.size() > 1) return {{node.name, 1}};
  return {};
}

}  // namespace lowbit
