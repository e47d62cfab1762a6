#include "lowbit/train/activation_plan.h"

#include <algorithm>
#include <map>

#include "lowbit/base/suggest.h"
#include "lowbit/core/insert_quantizers.h"

namespace lowbit::train {
namespace {

bool Contains(const std::vector<std::string>& list, const std::string& name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

std::vector<std::string> ProductsOf(const Graph& graph) {
  std::vector<std::string> names;
  for (const Node& node : graph.nodes) {
    if (node.op == "Conv" || node.op == "Gemm") names.push_back(node.name);
  }
  return names;
}

// Bits of the value, or 0 where it stays float.
int64_t BitsOf(const QuantizableValue& value, const std::vector<std::string>& products,
               const recipe::QuantizeSection& quantize) {
  const auto of_any = [&](const auto& holds) {
    return std::any_of(value.products.begin(), value.products.end(), holds);
  };
  const auto& activations = quantize.activations;
  if (of_any([&](const std::string& product) { return Contains(activations.skip, product); })) return 0;
  if (!of_any([&](const std::string& product) { return !Contains(quantize.skip, product); })) return 0;
  if (Contains(value.products, products.front())) return activations.first_bits;
  return Contains(value.products, products.back()) ? activations.last_bits : activations.bits;
}

}  // namespace

Result<Graph> QuantizeActivations(const Graph& graph, const recipe::QuantizeSection& quantize) {
  if (quantize.activations.bits == 0) return graph;
  const std::vector<std::string> products = ProductsOf(graph);
  for (const std::string& name : quantize.activations.skip) {
    if (Contains(products, name)) continue;
    return Invalid("quantize.activations.skip: " + UnknownName("product", name, products));
  }
  std::map<std::string, ActivationGrid> grids;
  for (const QuantizableValue& value : QuantizableValues(graph)) {
    const int64_t bits = BitsOf(value, products, quantize);
    if (bits > 0) grids[value.value] = {1, static_cast<int>(bits), !value.nonnegative};
  }
  if (grids.empty()) return Invalid("quantize.activations: there is no product left whose input it would quantize");
  Graph quantized = InsertQuantizers(graph, grids);
  for (const Node& node : quantized.nodes) {
    if (node.op != "Quant" || grids.count(node.inputs[0]) == 0) continue;
    quantized.parameters.at(node.inputs[1]).traits.role = ParameterTraits::Role::kStatistic;
  }
  return quantized;
}

std::vector<const Node*> MeasuredQuantizers(const Graph& graph) {
  std::vector<const Node*> found;
  for (const Node& node : graph.nodes) {
    if (node.op != "Quant") continue;
    const auto scale = graph.parameters.find(node.inputs[1]);
    if (scale->second.traits.role == ParameterTraits::Role::kStatistic) found.push_back(&node);
  }
  return found;
}

}  // namespace lowbit::train
