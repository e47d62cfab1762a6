#include "lowbit/runtime/kernels/affine/gate.h"

#include <algorithm>
#include <cmath>

namespace lowbit::runtime {
namespace {

// Nodes between x and the product: none is longer.
constexpr size_t kLongestChain = 6;

// Arithmetic with numbers, as a chain of nodes does it.
struct Line {
  double scale = 1, shift = 0;
};

class Finder {
 public:
  explicit Finder(const Lowering& lowering) : lowering_(lowering), nodes_(lowering.graph().nodes) {}

  std::optional<Gate> Find(size_t first) const {
    const std::optional<size_t> product = ProductAfter(first);
    if (!product.has_value()) return std::nullopt;
    const std::vector<std::string>& factors = nodes_[*product].inputs;
    for (const size_t which : {0, 1}) {
      std::optional<Gate> gate = Match(*product, factors[which], factors[1 - which]);
      if (gate.has_value() && gate->nodes[0] == first) return gate;
    }
    return std::nullopt;
  }

 private:
  bool IsComputed(const std::string& value) const { return !value.empty() && lowering_.Constant(value) == nullptr; }

  // The node's one input that is no constant; "" if there is another number of them.
  std::string OnlyInput(const Node& node) const {
    std::string only;
    for (const std::string& input : node.inputs) {
      if (!IsComputed(input)) continue;
      if (!only.empty()) return "";
      only = input;
    }
    return only;
  }

  bool IsProduct(const Node& node) const {
    return node.op == "Mul" && IsComputed(node.inputs[0]) && IsComputed(node.inputs[1]);
  }

  // The product of two values that a chain begun by the node ends in.
  std::optional<size_t> ProductAfter(size_t at) const {
    for (size_t i = 0; i < kLongestChain; ++i) {
      if (lowering_.Done(at) || nodes_[at].outputs.size() != 1 || OnlyInput(nodes_[at]).empty()) return std::nullopt;
      at = lowering_.OnlyReader(nodes_[at].outputs[0]);
      if (at == nodes_.size()) return std::nullopt;
      if (IsProduct(nodes_[at]) && !lowering_.Done(at)) return at;
    }
    return std::nullopt;
  }

  // Appends `node` to the line, if it is arithmetic with single numbers.
  bool Append(const Node& node, const std::string& value, Line* line) const {
    ChannelAffine affine = {{line->scale}, {line->shift}};
    const auto find = [this](const std::string& name) { return lowering_.FloatConstant(name); };
    const Shape& shape = lowering_.ShapeOf(value);
    if (node.op == "BatchNormalization" || lowering_.ShapeOf(node.outputs[0]) != shape) return false;
    if (!AppendAffine(node, value, {Elements(shape), 1}, find, &affine)) return false;
    *line = {affine.scale[0], affine.shift[0]};
    return true;
  }

  // The nodes that make `value` of `root`, first to last, which nobody else reads; nothing if there is no such chain.
  std::optional<std::vector<size_t>> Chain(const std::string& root, std::string value) const {
    std::vector<size_t> chain;
    while (value != root) {
      const std::optional<size_t> maker = lowering_.Producer(value);
      if (!maker.has_value() || chain.size() == kLongestChain || lowering_.Done(*maker)) return std::nullopt;
      if (lowering_.OnlyReader(value) == nodes_.size()) return std::nullopt;
      chain.push_back(*maker);
      value = OnlyInput(nodes_[*maker]);
      if (value.empty() || nodes_[*maker].outputs.size() != 1) return std::nullopt;
    }
    std::reverse(chain.begin(), chain.end());
    return chain;
  }

  // `gate` is a function of x, or of the value that x is a multiple of.
  std::optional<Gate> Match(size_t product, const std::string& x, const std::string& gate) const {
    std::optional<Gate> found = Match(x, gate);
    if (!found.has_value()) {
      const std::optional<size_t> maker = lowering_.Producer(x);
      Line multiple;
      const std::string root = maker.has_value() ? OnlyInput(nodes_[*maker]) : "";
      if (root.empty() || lowering_.Done(*maker) || lowering_.OnlyReader(x) == nodes_.size()) return std::nullopt;
      if (!Append(nodes_[*maker], root, &multiple) || multiple.shift != 0) return std::nullopt;
      found = Match(root, gate);
      if (!found.has_value()) return std::nullopt;
      found->factor *= multiple.scale;
      found->nodes.push_back(*maker);
    }
    found->nodes.push_back(product);
    found->output = nodes_[product].outputs[0];
    std::sort(found->nodes.begin(), found->nodes.end());
    return found;
  }

  std::optional<Gate> Match(const std::string& x, const std::string& gate) const {
    const std::optional<std::vector<size_t>> chain = Chain(x, gate);
    if (!chain.has_value()) return std::nullopt;
    Line before, after;
    std::vector<const Node*> functions;
    std::string value = x;
    for (const size_t i : *chain) {
      const Node& node = nodes_[i];
      // Between two functions nothing fits.
      if (!Append(node, value, functions.empty() ? &before : &after)) {
        if (after.scale != 1 || after.shift != 0) return std::nullopt;
        functions.push_back(&node);
      }
      value = node.outputs[0];
    }
    std::optional<Gate> found = Recognize(before, functions, after);
    if (!found.has_value()) return std::nullopt;
    found->input = x;
    found->nodes = *chain;
    return found;
  }

  // x after(functions(before(x))).
  std::optional<Gate> Recognize(const Line& before, const std::vector<const Node*>& functions,
                                const Line& after) const {
    if (functions.size() == 2) return RecognizeMish(before, functions, after);
    if (functions.size() != 1) return std::nullopt;
    const Node& node = *functions[0];
    if (node.op == "Erf") return RecognizeGelu(before, after);
    if (after.shift != 0) return std::nullopt;
    if (node.op == "Sigmoid") return Make("Swish", VectorFunction::kSwish, before, after.scale);
    if (node.op == "HardSigmoid") {
      const double alpha = FloatAttribute(node, "alpha", 0.2), beta = FloatAttribute(node, "beta", 0.5);
      return Make("HardSwish", VectorFunction::kHardSwish, {alpha * before.scale, alpha * before.shift + beta},
                  after.scale);
    }
    if (node.op != "Clip" || !HasInput(node, 1) || !HasInput(node, 2)) return std::nullopt;
    const FloatTensor *low = lowering_.FloatConstant(node.inputs[1]), *high = lowering_.FloatConstant(node.inputs[2]);
    if (low == nullptr || high == nullptr || low->data.size() != 1 || high->data.size() != 1) return std::nullopt;
    const double top = high->data[0];
    if (low->data[0] != 0 || !(top > 0) || !std::isfinite(top)) return std::nullopt;
    return Make("HardSwish", VectorFunction::kHardSwish, {before.scale / top, before.shift / top}, after.scale * top);
  }

  static std::optional<Gate> RecognizeGelu(const Line& before, const Line& after) {
    const bool divides = std::abs(before.scale - std::sqrt(0.5)) < 1e-6 && before.shift == 0;
    if (!divides || after.scale != after.shift) return std::nullopt;
    return Make("Gelu", VectorFunction::kGelu, {}, 2 * after.scale);
  }

  static std::optional<Gate> RecognizeMish(const Line& before, const std::vector<const Node*>& functions,
                                           const Line& after) {
    const bool mish = functions[0]->op == "Softplus" && functions[1]->op == "Tanh";
    if (!mish || before.scale != 1 || before.shift != 0 || after.shift != 0) return std::nullopt;
    return Make("Mish", VectorFunction::kMish, {}, after.scale);
  }

  static Gate Make(const char* name, VectorFunction function, const Line& inner, double factor) {
    Gate gate;
    gate.function = name;
    gate.call = {function, static_cast<float>(inner.scale), static_cast<float>(inner.shift)};
    gate.factor = factor;
    return gate;
  }

  const Lowering& lowering_;
  const std::vector<Node>& nodes_;
};

}  // namespace

std::optional<Gate> FindGate(size_t node, const Lowering& lowering) {
  if (lowering.InIntegers()) return std::nullopt;
  return Finder(lowering).Find(node);
}

}  // namespace lowbit::runtime
