#include "lowbit/train/activation_plan.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "lowbit/base/pattern.h"
#include "lowbit/base/suggest.h"
#include "lowbit/core/insert_quantizers.h"
#include "lowbit/train/activation_method.h"

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

// The most that rules for its readers want, or 0 if one of them wants floats; nothing where no rule says.
std::optional<int64_t> BitsByRules(const QuantizableValue& value, const recipe::QuantizeSection& quantize) {
  std::optional<int64_t> most;
  for (const std::string& product : value.products) {
    const recipe::LayerRule* rule = recipe::RuleOf(quantize, product);
    if (rule == nullptr || !rule->activation_bits) continue;
    if (*rule->activation_bits == 0) return 0;
    most = std::max(most.value_or(0), *rule->activation_bits);
  }
  return most;
}

// Bits of the value, or 0 where it stays float.
int64_t BitsOf(const QuantizableValue& value, const std::vector<std::string>& products,
               const recipe::QuantizeSection& quantize) {
  const auto of_any = [&](const auto& holds) {
    return std::any_of(value.products.begin(), value.products.end(), holds);
  };
  const auto& activations = quantize.activations;
  if (of_any([&](const std::string& product) { return IsNamed(activations.skip, product); })) return 0;
  if (!of_any([&](const std::string& product) { return !IsKeptFloat(quantize, product); })) return 0;
  if (const std::optional<int64_t> bits = BitsByRules(value, quantize)) return *bits;
  if (Contains(value.products, products.front())) return activations.first_bits;
  return Contains(value.products, products.back()) ? activations.last_bits : activations.bits;
}

using Role = ParameterTraits::Role;

bool IsEdge(const QuantizableValue& value, const std::vector<std::string>& products) {
  return Contains(value.products, products.front()) || Contains(value.products, products.back());
}

// A Quant that was put in, as the method wants it.
void SetScale(const ActivationMethod& method, bool is_signed, const Node& node, Graph* graph) {
  Parameter& scale = graph->parameters.at(node.inputs[1]);
  const auto kind = is_signed && !method.takes_signed ? ActivationMethod::Scale::kMeasured : method.scale;
  scale.traits.role = kind == ActivationMethod::Scale::kTrained ? Role::kBias : Role::kStatistic;
  scale.traits.decay_multiplier = 0;
  if (kind != ActivationMethod::Scale::kOne) return;
  scale.traits.role = Role::kConstant;
  const float bits = std::get<FloatTensor>(graph->parameters.at(node.inputs[3]).value).data[0];
  const double steps = std::exp2(is_signed ? bits - 1 : bits) - 1;
  std::get<FloatTensor>(scale.value).data[0] = static_cast<float>(1 / steps);
}

Node* Maker(Graph* graph, const std::string& value) {
  const auto found = std::find_if(graph->nodes.begin(), graph->nodes.end(),
                                  [&](const Node& node) { return Contains(node.outputs, value); });
  return found == graph->nodes.end() ? nullptr : &*found;
}

// So that the value has two signs: the Relu that it comes from lets everything through.
Status OpenRelu(const std::string& value, Graph* graph) {
  static const std::vector<std::string> passes = {"Identity",          "Dropout", "MaxPool", "AveragePool",
                                                  "GlobalAveragePool", "Flatten", "Reshape", "Transpose"};
  std::string at = value;
  for (Node* node = Maker(graph, at); node != nullptr && CountReaders(*graph, at) == 1; node = Maker(graph, at)) {
    if (node->op == "Relu") {
      node->op = "Identity";
      return Ok();
    }
    if (!Contains(passes, node->op)) break;
    at = node->inputs[0];
  }
  return Invalid(
      "quantize.activations: 'sign' has nothing to tell of '" + value +
      "', which is never negative and comes from no Relu that nobody else reads; use 'skip' for its products");
}

// Signs in place of a Quant.
Status MakeBipolar(bool nonnegative, Node* node, Graph* graph) {
  const std::vector<std::string> unused = {node->inputs[2], node->inputs[3]};
  const std::string value = node->inputs[0];
  *node = {node->name, "BipolarQuant", {value, node->inputs[1]}, node->outputs, {}};
  for (const std::string& name : unused) graph->parameters.erase(name);
  return nonnegative ? OpenRelu(value, graph) : Ok();
}

// Levels in place of a Quant's uniform grid.
Status MakeLevels(const ActivationMethod& method, int bits, bool is_signed, Node* node, Graph* graph) {
  LOWBIT_TRY(const LevelGrid grid, method.levels(bits, is_signed));
  const auto add = [&](const std::string& name, const std::vector<float>& values) {
    graph->parameters.erase(name);
    graph->parameters[name].value = FloatTensor({static_cast<int64_t>(values.size())}, values);
    graph->parameters[name].traits.role = Role::kConstant;
  };
  add(node->inputs[2], grid.thresholds);
  add(node->inputs[3], grid.levels);
  *node = {node->name, "LevelQuant", node->inputs, node->outputs, {}};
  return Ok();
}

}  // namespace

Result<Graph> QuantizeActivations(const Graph& graph, const recipe::QuantizeSection& quantize) {
  if (quantize.activations.bits == 0) return graph;
  LOWBIT_TRY(const std::shared_ptr<const ActivationMethod> method, CreateActivationMethod(quantize.activations));
  const std::vector<std::string> products = ProductsOf(graph);
  if (const std::string name = NamesNothing(quantize.activations.skip, products); !name.empty()) {
    return Invalid("quantize.activations.skip: " + UnknownName("product", name, products));
  }
  std::map<std::string, ActivationGrid> grids;
  std::map<std::string, QuantizableValue> values;
  for (const QuantizableValue& value : QuantizableValues(graph)) {
    const int64_t bits = BitsOf(value, products, quantize);
    if (bits == 0) continue;
    grids[value.value] = {1, static_cast<int>(bits), !value.nonnegative};
    values[value.value] = value;
  }
  if (grids.empty()) return Invalid("quantize.activations: there is no product left whose input it would quantize");
  Graph quantized = InsertQuantizers(graph, grids);
  for (Node& node : quantized.nodes) {
    const auto value = node.op == "Quant" ? values.find(node.inputs[0]) : values.end();
    if (value == values.end()) continue;
    if (method->levels && !IsEdge(value->second, products)) {
      SetScale(*method, !value->second.nonnegative, node, &quantized);
      LOWBIT_RETURN_IF_ERROR(
          MakeLevels(*method, grids.at(value->first).bits, !value->second.nonnegative, &node, &quantized));
    } else if (!method->bipolar) {
      SetScale(*method, !value->second.nonnegative, node, &quantized);
    } else if (IsEdge(value->second, products)) {
      SetScale(ActivationMethod(), !value->second.nonnegative, node, &quantized);
    } else {
      LOWBIT_RETURN_IF_ERROR(MakeBipolar(value->second.nonnegative, &node, &quantized));
    }
  }
  return quantized;
}

std::vector<const Node*> MeasuredQuantizers(const Graph& graph) {
  std::vector<const Node*> found;
  for (const Node& node : graph.nodes) {
    if (node.op != "Quant" && node.op != "LevelQuant") continue;
    const Role role = graph.parameters.find(node.inputs[1])->second.traits.role;
    if (role == Role::kStatistic || role == Role::kBias) found.push_back(&node);
  }
  return found;
}

}  // namespace lowbit::train
