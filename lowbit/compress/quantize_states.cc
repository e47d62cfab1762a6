#include "lowbit/compress/quantize_states.h"

#include <algorithm>
#include <cmath>

#include "lowbit/core/integer_weights.h"
#include "lowbit/core/recurrence.h"

namespace lowbit::compress {
namespace {

template <typename T>
const T* Find(const Graph& graph, const std::string& name) {
  const auto found = graph.parameters.find(name);
  return found == graph.parameters.end() ? nullptr : std::get_if<T>(&found->second.value);
}

// Why the state cannot be quantized; empty if it can, with its limit.
std::string WhyNot(const Graph& graph, const Node& node, double* limit) {
  const QTensor* r = Find<QTensor>(graph, node.inputs[2]);
  if (r == nullptr || !AsIntegers(r->values).has_value()) return "its weights R are no integers";
  if (StringAttribute(node, "activations", "").find("Relu") != std::string::npos) return "Relu does not bound it";
  *limit = 1;
  if (!HasInput(node, 5)) return "";
  const FloatTensor* initial = Find<FloatTensor>(graph, node.inputs[5]);
  if (initial == nullptr) return "what it begins with is computed";
  for (const float h : initial->data) *limit = std::max<double>(*limit, std::abs(h));
  return "";
}

}  // namespace

std::vector<std::string> QuantizeStates(int bits, Graph* graph) {
  std::vector<std::string> left;
  for (Node& node : graph->nodes) {
    if (node.op != "RNN" && node.op != "GRU" && node.op != "LSTM") continue;
    double limit = 1;
    const std::string why = WhyNot(*graph, node, &limit);
    if (!why.empty()) {
      left.push_back("the state of '" + node.name + "' stays float: " + why);
      continue;
    }
    node.attributes["hidden_bits"] = int64_t{bits};
    // What is stored is a float.
    node.attributes["hidden_scale"] = static_cast<double>(static_cast<float>(limit / ((1 << (bits - 1)) - 1)));
  }
  return left;
}

}  // namespace lowbit::compress
