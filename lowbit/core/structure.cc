#include "lowbit/core/structure.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <type_traits>

#include "lowbit/base/suggest.h"
#include "lowbit/core/operator.h"

namespace lowbit {
namespace {

std::string Quoted(const std::string& name) { return "'" + name + "'"; }

// Walks the nodes in order and knows which values are defined so far.
class StructureChecker {
 public:
  explicit StructureChecker(const Graph& graph) : graph_(graph) {}

  Status Run() {
    LOWBIT_RETURN_IF_ERROR(CheckParameters());
    LOWBIT_RETURN_IF_ERROR(CheckInputs());
    for (const Node& node : graph_.nodes) {
      Status status = CheckNode(node);
      if (!status.ok()) return Invalid(NodePrefix(node) + status.error().message);
    }
    return CheckOutputs();
  }

 private:
  Status CheckParameters();
  Status CheckInputs();
  Status CheckNode(const Node& node);
  Status CheckNodeInputs(const Node& node, const Operator& op) const;
  Status CheckNodeOutputs(const Node& node);
  Status CheckOutputs() const;
  std::string UnknownValue(const std::string& name) const;

  const Graph& graph_;
  std::set<std::string> values_;    // Defined so far.
  std::set<std::string> computed_;  // Those of them that nodes compute.
  std::set<std::string> nodes_;
};

template <typename T>
Status CheckTensor(const Tensor<T>& tensor) {
  LOWBIT_TRY(const int64_t elements, CheckedElements(tensor.shape));
  if (tensor.data.size() != static_cast<size_t>(elements)) {
    return Invalid("has " + std::to_string(tensor.data.size()) + " values; shape " + ToString(tensor.shape) +
                   " needs " + std::to_string(elements));
  }
  if constexpr (std::is_floating_point_v<T>) {
    if (elements == 0) return Invalid("shape " + ToString(tensor.shape) + " has no elements");
    const auto bad = std::find_if(tensor.data.begin(), tensor.data.end(), [](T v) { return !std::isfinite(v); });
    if (bad != tensor.data.end()) {
      return Invalid("value at index " + std::to_string(bad - tensor.data.begin()) +
                     " is not finite; parameters must be");
    }
  }
  return Ok();
}

Status CheckTensor(const QTensor& tensor) { return Validate(tensor); }

Status StructureChecker::CheckParameters() {
  for (const auto& [name, parameter] : graph_.parameters) {
    if (name.empty()) return Invalid("a parameter has an empty name");
    const Status status = std::visit([](const auto& tensor) { return CheckTensor(tensor); }, parameter.value);
    if (!status.ok()) return Invalid("parameter " + Quoted(name) + ": " + status.error().message);
    values_.insert(name);
  }
  return Ok();
}

Status StructureChecker::CheckInputs() {
  for (const GraphInput& input : graph_.inputs) {
    const std::string prefix = "input " + Quoted(input.name) + ": ";
    if (input.name.empty()) return Invalid("a graph input has an empty name");
    if (!values_.insert(input.name).second) return Invalid(prefix + "the name is already taken");
    for (size_t i = 0; i < input.shape.size(); ++i) {
      const int64_t extent = input.shape[i];
      if (extent >= 1 || (extent == kDynamic && i == 0)) continue;
      if (extent == kDynamic) {
        return Invalid(prefix + "only the first dimension may be dynamic; shape is " + ToString(input.shape));
      }
      return Invalid(prefix + "extents must be at least 1; shape is " + ToString(input.shape));
    }
  }
  return Ok();
}

std::string StructureChecker::UnknownValue(const std::string& name) const {
  for (const Node& node : graph_.nodes) {
    if (std::find(node.outputs.begin(), node.outputs.end(), name) == node.outputs.end()) continue;
    return "input " + Quoted(name) + " is computed only later, by node " + Quoted(node.name) +
           "; nodes must be in an order in which they can run";
  }
  const std::vector<std::string> known(values_.begin(), values_.end());
  const std::string nearest = known.empty() ? "" : "; did you mean " + Quoted(NearestName(name, known)) + "?";
  return "input " + Quoted(name) + " is not defined" + nearest;
}

std::string CountRule(size_t min, size_t max) {
  if (min == max) return std::to_string(min);
  if (max == kAnyNumber) return "at least " + std::to_string(min);
  return std::to_string(min) + " to " + std::to_string(max);
}

bool IsInteger(const Graph& graph, const std::string& name) {
  const auto found = graph.parameters.find(name);
  return found != graph.parameters.end() && std::holds_alternative<Int64Tensor>(found->second.value);
}

Status StructureChecker::CheckNodeInputs(const Node& node, const Operator& op) const {
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const std::string& name = node.inputs[i];
    if (name.empty()) continue;
    if (values_.count(name) == 0) return Invalid(UnknownValue(name));
    const bool wants_integers =
        std::find(op.integer_inputs.begin(), op.integer_inputs.end(), i) != op.integer_inputs.end();
    if (wants_integers == IsInteger(graph_, name)) continue;
    return Invalid("input " + Quoted(name) +
                   (wants_integers ? " must be an int64 parameter" : " holds integers; floats were expected"));
  }
  return Ok();
}

Status StructureChecker::CheckNodeOutputs(const Node& node) {
  for (const std::string& name : node.outputs) {
    if (name.empty()) return Invalid("an output has an empty name");
    if (!values_.insert(name).second) return Invalid("output " + Quoted(name) + " is already defined");
    computed_.insert(name);
  }
  return Ok();
}

const char* TypeName(AttributeType type) {
  static constexpr const char* kNames[] = {"an integer", "a float", "a string", "a list of integers",
                                           "a list of floats"};
  return kNames[static_cast<size_t>(type)];
}

bool IsFinite(const Attribute& attribute) {
  const auto finite = [](double v) { return std::isfinite(v); };
  if (const auto* value = std::get_if<double>(&attribute)) return finite(*value);
  if (const auto* values = std::get_if<std::vector<double>>(&attribute)) {
    return std::all_of(values->begin(), values->end(), finite);
  }
  return true;
}

Status CheckAttributes(const Node& node, const Operator& op) {
  for (const AttributeRule& rule : op.attributes) {
    if (rule.required && node.attributes.count(rule.name) == 0) {
      return Invalid("attribute " + Quoted(rule.name) + " is required");
    }
  }
  for (const auto& [name, attribute] : node.attributes) {
    const auto rule = std::find_if(op.attributes.begin(), op.attributes.end(),
                                   [&name = name](const AttributeRule& r) { return r.name == name; });
    if (rule == op.attributes.end()) {
      std::vector<std::string> known;
      for (const AttributeRule& r : op.attributes) known.push_back(r.name);
      return Invalid(UnknownName("attribute", name, known));
    }
    // The alternatives of Attribute stand in the order of AttributeType.
    if (attribute.index() != static_cast<size_t>(rule->type)) {
      return Invalid("attribute " + Quoted(name) + " must be " + TypeName(rule->type));
    }
    if (!IsFinite(attribute)) return Invalid("attribute " + Quoted(name) + " must be finite");
  }
  return Ok();
}

Status StructureChecker::CheckNode(const Node& node) {
  if (node.name.empty()) return Invalid("a node needs a name");
  if (!nodes_.insert(node.name).second) return Invalid("another node has the same name");
  const Operator* op = FindOperator(node.op);
  if (op == nullptr) return Invalid(UnknownName("operator", node.op, OperatorNames()));
  LOWBIT_RETURN_IF_ERROR(CheckForm(node, *op));
  LOWBIT_RETURN_IF_ERROR(CheckNodeInputs(node, *op));
  return CheckNodeOutputs(node);
}

Status StructureChecker::CheckOutputs() const {
  if (graph_.outputs.empty()) return Invalid("the graph has no outputs");
  std::set<std::string> seen;
  for (const std::string& name : graph_.outputs) {
    if (computed_.count(name) == 0) return Invalid("output " + Quoted(name) + ": no node computes it");
    if (!seen.insert(name).second) return Invalid("output " + Quoted(name) + ": is listed twice");
  }
  return Ok();
}

}  // namespace

std::string NodePrefix(const Node& node) { return "node '" + node.name + "' (" + node.op + "): "; }

Status CheckForm(const Node& node, const Operator& op) {
  LOWBIT_RETURN_IF_ERROR(CheckAttributes(node, op));
  const size_t inputs = node.inputs.size(), outputs = node.outputs.size();
  if (inputs < op.min_inputs || inputs > op.max_inputs) {
    return Invalid("has " + std::to_string(inputs) + " inputs; expected " + CountRule(op.min_inputs, op.max_inputs));
  }
  for (size_t i = 0; i < op.min_inputs; ++i) {
    if (node.inputs[i].empty()) return Invalid("input " + std::to_string(i) + " is required but left out");
  }
  if (outputs >= 1 && outputs <= op.max_outputs) return Ok();
  return Invalid("has " + std::to_string(outputs) + " outputs; expected " + CountRule(1, op.max_outputs));
}

Status CheckStructure(const Graph& graph) { return StructureChecker(graph).Run(); }

}  // namespace lowbit
