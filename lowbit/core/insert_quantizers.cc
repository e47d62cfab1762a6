#include "lowbit/core/insert_quantizers.h"

#include <algorithm>
#include <set>
#include <utility>

#include "lowbit/core/graph_names.h"
#include "lowbit/core/integer_form.h"

namespace lowbit {
namespace {

bool IsOneOf(const std::string& op, const std::set<std::string>& names) { return names.count(op) != 0; }

// What is known of a graph's values from the nodes that compute them.
class ValueFacts {
 public:
  explicit ValueFacts(const Graph& graph) {
    for (const auto& [name, parameter] : graph.parameters) AddParameter(name, parameter);
    for (const Node& node : graph.nodes) {
      if (IsNonnegative(node)) nonnegative_.insert(node.outputs[0]);
      if (IsOnGrid(node)) on_grid_.insert(node.outputs[0]);
    }
  }

  bool Nonnegative(const std::string& value) const { return nonnegative_.count(value) != 0; }
  bool OnGrid(const std::string& value) const { return on_grid_.count(value) != 0; }

 private:
  void AddParameter(const std::string& name, const Parameter& parameter) {
    const auto* floats = std::get_if<FloatTensor>(&parameter.value);
    // What is trained may change its sign.
    if (floats == nullptr || parameter.traits.role != ParameterTraits::Role::kConstant) return;
    if (std::all_of(floats->data.begin(), floats->data.end(), [](float x) { return x >= 0; })) {
      nonnegative_.insert(name);
    }
  }

  // Where an input of the node is left out, the value that stands for it is not below 0.
  bool NonnegativeInput(const Node& node, size_t i) const { return !HasInput(node, i) || Nonnegative(node.inputs[i]); }

  bool IsNonnegative(const Node& node) const {
    static const std::set<std::string> always = {"Relu", "Sigmoid", "HardSigmoid", "Softmax"};
    static const std::set<std::string> of_first = {"Identity",    "Dropout",           "MaxPool",
                                                   "AveragePool", "GlobalAveragePool", "Flatten",
                                                   "Reshape",     "Transpose",         "Slice"};
    static const std::set<std::string> of_all = {"Add", "Mul", "Div", "Concat"};
    if (IsOneOf(node.op, always)) return true;
    if (IsOneOf(node.op, of_first)) return NonnegativeInput(node, 0);
    if (node.op == "Pad") return NonnegativeInput(node, 0) && NonnegativeInput(node, 2);
    if (node.op == "Clip") {
      const bool from_zero = HasInput(node, 1) && Nonnegative(node.inputs[1]);
      return NonnegativeInput(node, 2) && (from_zero || NonnegativeInput(node, 0));
    }
    return IsOneOf(node.op, of_all) && std::all_of(node.inputs.begin(), node.inputs.end(),
                                                   [this](const std::string& input) { return Nonnegative(input); });
  }

  bool IsOnGrid(const Node& node) const {
    static const std::set<std::string> from_grid = {"Identity", "Dropout",   "Relu",  "MaxPool",
                                                    "Flatten",  "Transpose", "Slice", "Reshape"};
    if (IsQuantizer(node)) return true;
    return IsOneOf(node.op, from_grid) && OnGrid(node.inputs[0]);
  }

  std::set<std::string> nonnegative_, on_grid_;
};

class Inserter {
 public:
  Inserter(const Graph& graph, const std::map<std::string, ActivationGrid>& grids)
      : in_(graph), grids_(grids), names_(graph), out_(graph) {
    out_.nodes.clear();
  }

  Graph Run() {
    for (const GraphInput& input : in_.inputs) QuantizeBehind(input.name);
    for (const Node& node : in_.nodes) {
      Node copy = node;
      for (std::string& input : copy.inputs) {
        const auto quantized = quantized_.find(input);
        if (quantized != quantized_.end()) input = quantized->second;
      }
      out_.nodes.push_back(std::move(copy));
      for (const std::string& output : node.outputs) QuantizeBehind(output);
    }
    LOWBIT_CHECK(quantized_.size() == grids_.size());
    return std::move(out_);
  }

 private:
  std::string AddScalar(const std::string& wish, double value) {
    std::string name = names_.Unique(wish);
    out_.parameters[name].value = FloatTensor({}, {static_cast<float>(value)});
    return name;
  }

  void QuantizeBehind(const std::string& value) {
    const auto found = grids_.find(value);
    if (found == grids_.end()) return;
    const ActivationGrid& grid = found->second;
    // The node and its value have one name, as everywhere in models/.
    const std::string name = names_.Unique(value + "/quant");
    const std::vector<std::string> inputs = {value, AddScalar(name + "/scale", grid.scale),
                                             AddScalar(name + "/zero_point", 0), AddScalar(name + "/bits", grid.bits)};
    out_.nodes.push_back(
        {name, "Quant", inputs, {name}, {{"signed", int64_t{grid.is_signed}}, {"narrow", int64_t{0}}}});
    quantized_[value] = name;
  }

  const Graph& in_;
  const std::map<std::string, ActivationGrid>& grids_;
  GraphNames names_;
  Graph out_;
  std::map<std::string, std::string> quantized_;  // By the value behind which it stands.
};

}  // namespace

std::vector<QuantizableValue> QuantizableValues(const Graph& graph, const std::set<std::string>& readers) {
  const ValueFacts facts(graph);
  std::vector<QuantizableValue> found;
  for (const Node& node : graph.nodes) {
    if (!IsOneOf(node.op, readers)) continue;
    const std::string& value = node.inputs[0];
    if (graph.parameters.count(value) != 0 || facts.OnGrid(value)) continue;
    auto entry = std::find_if(found.begin(), found.end(), [&](const auto& other) { return other.value == value; });
    if (entry == found.end()) entry = found.insert(found.end(), {value, {}, facts.Nonnegative(value)});
    entry->products.push_back(node.name);
  }
  return found;
}

Graph InsertQuantizers(const Graph& graph, const std::map<std::string, ActivationGrid>& grids) {
  return Inserter(graph, grids).Run();
}

}  // namespace lowbit
