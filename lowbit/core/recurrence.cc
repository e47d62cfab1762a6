#include "lowbit/core/recurrence.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string>

namespace lowbit {
namespace {

struct Kind {
  const char* name;
  Recurrence::Cell cell;
  int64_t gates;
  size_t functions;  // For each direction.
  const char* defaults;
};

constexpr Kind kKinds[] = {{"RNN", Recurrence::Cell::kRnn, 1, 1, "Tanh"},
                           {"GRU", Recurrence::Cell::kGru, 3, 2, "Sigmoid,Tanh"},
                           {"LSTM", Recurrence::Cell::kLstm, 4, 3, "Sigmoid,Tanh,Tanh"}};

Result<Kind> KindOf(const Node& node) {
  const std::string name = node.op == "Recurrence" ? StringAttribute(node, "cell", "") : node.op;
  const auto* kind = std::find_if(std::begin(kKinds), std::end(kKinds), [&](const Kind& k) { return name == k.name; });
  if (kind != std::end(kKinds)) return *kind;
  return Invalid("attribute 'cell' must be RNN, GRU or LSTM; it is '" + name + "'");
}

Result<GateFunction> FunctionOf(const std::string& name) {
  if (name == "Sigmoid") return GateFunction::kSigmoid;
  if (name == "Tanh") return GateFunction::kTanh;
  if (name == "Relu") return GateFunction::kRelu;
  return Invalid("attribute 'activations' names '" + name + "'; known: Relu, Sigmoid, Tanh");
}

// Of all directions; the names are given once for all of them, or for each.
Result<std::vector<GateFunction>> ReadFunctions(const Node& node, const Kind& kind, int64_t directions) {
  std::string names = StringAttribute(node, "activations", kind.defaults) + ",";
  std::vector<GateFunction> functions;
  for (size_t comma; (comma = names.find(',')) != std::string::npos; names.erase(0, comma + 1)) {
    LOWBIT_TRY(const GateFunction function, FunctionOf(names.substr(0, comma)));
    functions.push_back(function);
  }
  const size_t expected = kind.functions * static_cast<size_t>(directions);
  if (functions.size() == kind.functions) {
    while (functions.size() < expected) functions.push_back(functions[functions.size() - kind.functions]);
  }
  if (functions.size() == expected) return functions;
  return Invalid("attribute 'activations' names " + std::to_string(functions.size()) + "; expected " +
                 std::to_string(expected));
}

Status ReadDirection(const Node& node, Recurrence* r) {
  const std::string direction = StringAttribute(node, "direction", "forward");
  if (direction != "forward" && direction != "reverse" && direction != "bidirectional") {
    return Invalid("attribute 'direction' must be forward, reverse or bidirectional; it is " + direction);
  }
  r->reverse = direction == "reverse";
  if (r->directions == (direction == "bidirectional" ? 2 : 1)) return Ok();
  return Invalid("the weights have " + std::to_string(r->directions) + " directions; the node is " + direction);
}

bool HasInverse(double scale) {
  return scale > 0 && std::isnormal(static_cast<float>(scale)) && std::isnormal(static_cast<float>(1 / scale));
}

Status ReadHiddenGrid(const Node& node, Recurrence* r) {
  if (!QuantizesState(node)) {
    if (node.attributes.count("hidden_scale") == 0) return Ok();
    return Invalid("attribute 'hidden_scale' needs 'hidden_bits'");
  }
  const int64_t bits = IntAttribute(node, "hidden_bits", 0);
  if (bits < 2 || bits > 8) return Invalid("attribute 'hidden_bits' must be in 2..8; it is " + std::to_string(bits));
  r->hidden_bits = static_cast<int>(bits);
  r->hidden_scale = FloatAttribute(node, "hidden_scale", 1.0 / r->HiddenSteps());
  if (HasInverse(r->hidden_scale)) return Ok();
  return Invalid("attribute 'hidden_scale' must be positive, and it and its inverse float32 numbers");
}

Status ReadSettings(const Node& node, Recurrence* r) {
  if (IntAttribute(node, "hidden_size", r->hidden) != r->hidden) {
    return Invalid("attribute 'hidden_size' is not " + std::to_string(r->hidden) + ", as the weights have it");
  }
  r->clip = FloatAttribute(node, "clip", 0);
  if (!(r->clip >= 0)) return Invalid("attribute 'clip' must not be negative");
  if (IntAttribute(node, "input_forget", 0) != 0) return Invalid("attribute 'input_forget' must be 0");
  r->linear_before_reset = r->cell == Recurrence::Cell::kGru && IntAttribute(node, "linear_before_reset", 0) != 0;
  return ReadHiddenGrid(node, r);
}

}  // namespace

Shape Recurrence::SequenceShape() const {
  return batch_first ? Shape{batch, steps, directions, hidden} : Shape{steps, directions, batch, hidden};
}

Shape Recurrence::StateShape() const {
  return batch_first ? Shape{batch, directions, hidden} : Shape{directions, batch, hidden};
}

Result<Recurrence> ReadRecurrence(const Node& node, const Shape& sequence, const Shape& weights) {
  LOWBIT_TRY(const Kind kind, KindOf(node));
  if (sequence.size() != 3) {
    return Invalid("sequences must be [steps, batch, inputs]; they have shape " + ToString(sequence));
  }
  if (weights.size() != 3 || weights[0] < 1 || weights[0] > 2 || weights[1] % kind.gates != 0) {
    return Invalid("weights must be [1 or 2 directions, " + std::to_string(kind.gates) +
                   " * hidden, inputs]; they have shape " + ToString(weights));
  }
  Recurrence r;
  r.cell = kind.cell;
  r.gates = kind.gates;
  r.batch_first = IntAttribute(node, "layout", 0) != 0;
  r.steps = sequence[r.batch_first ? 1 : 0];
  r.batch = sequence[r.batch_first ? 0 : 1];
  r.directions = weights[0];
  r.hidden = weights[1] / kind.gates;
  LOWBIT_RETURN_IF_ERROR(ReadDirection(node, &r));
  LOWBIT_RETURN_IF_ERROR(ReadSettings(node, &r));
  LOWBIT_TRY(r.functions, ReadFunctions(node, kind, r.directions));
  return r;
}

bool QuantizesState(const Node& node) { return node.attributes.count("hidden_bits") != 0; }

}  // namespace lowbit
