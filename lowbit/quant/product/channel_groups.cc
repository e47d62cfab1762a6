#include "lowbit/quant/product/channel_groups.h"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "lowbit/core/validate.h"

namespace lowbit::quant::product {
namespace {

// Functions of each element alone, whatever its channel.
const std::set<std::string>& Elementwise() {
  static const std::set<std::string> names = {
      "Abs",         "BipolarQuant", "Celu",     "Clip",      "Dropout",    "Elu",      "Erf",  "Exp", "Gelu",
      "HardSigmoid", "HardSwish",    "Identity", "LeakyRelu", "LevelQuant", "Log",      "Mish", "Neg", "Quant",
      "Relu",        "Selu",         "Sigmoid",  "Sign",      "Softplus",   "Softsign", "Sqrt", "Tanh"};
  return names;
}

bool IsPool(const std::string& op) { return op == "MaxPool" || op == "AveragePool" || op == "GlobalAveragePool"; }

bool IsArithmetic(const std::string& op) { return op == "Add" || op == "Sub" || op == "Mul" || op == "Div"; }

class Finder {
 public:
  explicit Finder(const Graph& graph) : graph_(graph), shapes_(InferShapes(graph, 2).value()) {}

  std::vector<ChannelGroup> Run() {
    for (const GraphInput& input : graph_.inputs) Fix(SpaceOf(input.name).space);
    for (const Node& node : graph_.nodes) {
      if (!Follow(node)) FixAll(node);
    }
    for (const std::string& output : graph_.outputs) Fix(SpaceOf(output).space);
    return Groups();
  }

 private:
  // What stands behind a dimension: channels whose places are free or fixed. Those that must have one order are merged.
  struct Space {
    size_t merged_into;
    int64_t channels;
    bool fixed = false;
    std::vector<ChannelUse> uses = {};
  };
  // Dimension 1 of a value.
  struct Placed {
    size_t space = 0;
    int64_t each = 1;
  };

  size_t NewSpace(int64_t channels) {
    spaces_.push_back({spaces_.size(), channels});
    return spaces_.size() - 1;
  }
  size_t Root(size_t space) const {
    while (spaces_[space].merged_into != space) space = spaces_[space].merged_into;
    return space;
  }
  void Fix(size_t space) { spaces_[Root(space)].fixed = true; }
  void Merge(size_t a, size_t b) {
    a = Root(a), b = Root(b);
    if (a == b) return;
    const size_t first = std::min(a, b), second = std::max(a, b);
    spaces_[second].merged_into = first;
    spaces_[first].fixed = spaces_[first].fixed || spaces_[second].fixed;
    spaces_[first].uses.insert(spaces_[first].uses.end(), spaces_[second].uses.begin(), spaces_[second].uses.end());
    if (spaces_[first].channels != spaces_[second].channels) Fix(first);
  }

  const Shape& ShapeOf(const std::string& value) const { return shapes_.at(value); }
  bool IsParameter(const std::string& value) const { return graph_.parameters.count(value) != 0; }

  // Of a value that is no parameter.
  Placed SpaceOf(const std::string& value) {
    const auto found = values_.find(value);
    if (found != values_.end()) return found->second;
    const auto shape = shapes_.find(value);
    const bool has_channels = shape != shapes_.end() && shape->second.size() >= 2;
    const Placed placed = {NewSpace(has_channels ? shape->second[1] : 1), 1};
    if (!has_channels) Fix(placed.space);
    return values_[value] = placed;
  }

  // Every use of one dimension of a parameter is of one order.
  void Use(const std::string& parameter, size_t axis, const Placed& placed) {
    const auto [entry, is_new] = used_.try_emplace({parameter, axis}, placed);
    if (!is_new) {
      Merge(entry->second.space, placed.space);
      if (entry->second.each != placed.each) Fix(placed.space);
      return;
    }
    const bool floats = std::holds_alternative<FloatTensor>(graph_.parameters.at(parameter).value);
    if (!floats) Fix(placed.space);
    spaces_[Root(placed.space)].uses.push_back({parameter, axis, placed.each});
  }

  // --- Nodes. False: nothing is known of it.

  bool Follow(const Node& node) {
    if (node.op == "Conv") return FollowConv(node);
    if (node.op == "ConvTranspose") return FollowConvTranspose(node);
    if (node.op == "Gemm") return FollowGemm(node);
    if (node.op == "MatMul") return FollowProduct(node, 0, 1);
    if (node.op == "BatchNormalization") return FollowBatchNormalization(node);
    if (node.op == "PRelu" || IsArithmetic(node.op)) return FollowArithmetic(node);
    if (node.op == "Flatten" || node.op == "Reshape") return FollowFlatten(node);
    if (!IsPool(node.op) && Elementwise().count(node.op) == 0) return false;
    if (IsParameter(node.inputs[0]) || node.outputs.size() != 1) return false;
    values_[node.outputs[0]] = SpaceOf(node.inputs[0]);
    return true;
  }

  // Channels in along one dimension of the weight, channels out along another, with the bias.
  bool FollowProduct(const Node& node, size_t in, size_t out) {
    const std::string& weight = node.inputs[1];
    if (!IsParameter(weight) || IsParameter(node.inputs[0]) || ShapeOf(node.inputs[0]).size() < 2) return false;
    if (node.op != "Conv" && node.op != "ConvTranspose" && ShapeOf(node.inputs[0]).size() != 2) return false;
    if (ShapeOf(weight).size() < 2) return false;
    Use(weight, in, SpaceOf(node.inputs[0]));
    const Placed made = SpaceOf(node.outputs[0]);
    Use(weight, out, made);
    return !HasInput(node, 2) || FollowBias(node.inputs[2], made);
  }

  bool FollowBias(const std::string& bias, const Placed& made) {
    if (!IsParameter(bias)) return false;
    const Shape& shape = ShapeOf(bias);
    if (Elements(shape) == 1) return true;  // One number for all channels.
    if (shape.empty() || shape.back() != spaces_[Root(made.space)].channels * made.each) return false;
    if (Elements(shape) != shape.back()) return false;
    Use(bias, shape.size() - 1, made);
    return true;
  }

  bool FollowConv(const Node& node) {
    const int64_t groups = IntAttribute(node, "group", 1);
    if (groups == 1) return FollowProduct(node, 1, 0);
    const Shape& weight = ShapeOf(node.inputs[1]);
    if (!IsParameter(node.inputs[1]) || groups != weight[0] || ShapeOf(node.inputs[0])[1] != groups) return false;
    const Placed placed = SpaceOf(node.inputs[0]);
    values_[node.outputs[0]] = placed;
    Use(node.inputs[1], 0, placed);
    return !HasInput(node, 2) || FollowBias(node.inputs[2], placed);
  }

  bool FollowConvTranspose(const Node& node) {
    return IntAttribute(node, "group", 1) == 1 && FollowProduct(node, 0, 1);
  }

  bool FollowGemm(const Node& node) {
    const bool turned = IntAttribute(node, "transB", 0) != 0;
    return IntAttribute(node, "transA", 0) == 0 && FollowProduct(node, turned ? 1 : 0, turned ? 0 : 1);
  }

  bool FollowBatchNormalization(const Node& node) {
    if (node.outputs.size() != 1 || IsParameter(node.inputs[0])) return false;
    const Placed placed = SpaceOf(node.inputs[0]);
    values_[node.outputs[0]] = placed;
    for (size_t i = 1; i < 5; ++i) {
      if (!IsParameter(node.inputs[i])) return false;
      Use(node.inputs[i], 0, placed);
    }
    return true;
  }

  // Values of the same channels share one order; a constant has one number, or one for each channel.
  bool FollowArithmetic(const Node& node) {
    const Shape& shape = ShapeOf(node.outputs[0]);
    if (shape.size() < 2) return false;
    bool any = false;
    Placed common;
    for (const std::string& input : node.inputs) {
      if (IsParameter(input)) continue;
      const Shape& own = ShapeOf(input);
      if (own.size() != shape.size() || own[1] != shape[1]) return false;
      const Placed placed = SpaceOf(input);
      if (any && placed.each != common.each) return false;
      if (any) Merge(common.space, placed.space);
      common = placed;
      any = true;
    }
    if (!any) return false;
    values_[node.outputs[0]] = common;
    return std::all_of(node.inputs.begin(), node.inputs.end(), [&](const std::string& input) {
      return !IsParameter(input) || FollowConstant(input, shape, common);
    });
  }

  // Aligned at the last dimension.
  bool FollowConstant(const std::string& constant, const Shape& shape, const Placed& placed) {
    const Shape& own = ShapeOf(constant);
    if (own.size() > shape.size()) return false;
    const size_t missing = shape.size() - own.size();
    if (missing > 1 || own[1 - missing] == 1) return true;  // It has no channels.
    if (missing == 0 && own[0] != 1) return false;
    Use(constant, 1 - missing, placed);
    return true;
  }

  // [N, C, H, W] to [N, C H W]: the pixels of a channel stay together.
  bool FollowFlatten(const Node& node) {
    if (IsParameter(node.inputs[0])) return false;
    const Shape &from = ShapeOf(node.inputs[0]), &to = ShapeOf(node.outputs[0]);
    if (from.size() < 2 || to.size() != 2 || from[0] != to[0] || from[1] == 0) return false;
    Placed placed = SpaceOf(node.inputs[0]);
    placed.each *= to[1] / from[1];
    values_[node.outputs[0]] = placed;
    return true;
  }

  void FixAll(const Node& node) {
    for (const std::string& input : node.inputs) {
      if (input.empty()) continue;
      if (!IsParameter(input)) Fix(SpaceOf(input).space);
      fixed_parameters_.insert(input);
    }
    for (const std::string& output : node.outputs) Fix(SpaceOf(output).space);
  }

  std::vector<ChannelGroup> Groups() {
    std::vector<ChannelGroup> groups;
    for (size_t i = 0; i < spaces_.size(); ++i) {
      const Space& space = spaces_[i];
      const bool moves = std::none_of(space.uses.begin(), space.uses.end(), [&](const ChannelUse& use) {
        return fixed_parameters_.count(use.parameter) != 0;
      });
      if (space.merged_into != i || space.fixed || !moves || space.channels < 2 || space.uses.empty()) continue;
      groups.push_back({space.channels, space.uses});
    }
    return groups;
  }

  const Graph& graph_;
  std::map<std::string, Shape> shapes_;
  std::vector<Space> spaces_;
  std::map<std::string, Placed> values_;
  std::map<std::pair<std::string, size_t>, Placed> used_;
  std::set<std::string> fixed_parameters_;  // Read by nodes that nothing is known of.
};

}  // namespace

std::vector<ChannelGroup> FindChannelGroups(const Graph& graph) { return Finder(graph).Run(); }

void ReorderChannels(const ChannelGroup& group, const std::vector<int64_t>& order, Graph* graph) {
  for (const ChannelUse& use : group.uses) {
    FloatTensor& tensor = std::get<FloatTensor>(graph->parameters.at(use.parameter).value);
    const auto product = [&](size_t first, size_t last) {
      return std::accumulate(tensor.shape.begin() + static_cast<std::ptrdiff_t>(first),
                             tensor.shape.begin() + static_cast<std::ptrdiff_t>(last), int64_t{1},
                             std::multiplies<int64_t>());
    };
    const int64_t outer = product(0, use.axis), inner = product(use.axis + 1, tensor.shape.size()) * use.each;
    const FloatTensor old = tensor;
    for (int64_t o = 0; o < outer; ++o) {
      for (int64_t c = 0; c < group.channels; ++c) {
        const auto from = old.data.begin() + (o * group.channels + order[static_cast<size_t>(c)]) * inner;
        std::copy_n(from, inner, tensor.data.begin() + (o * group.channels + c) * inner);
      }
    }
  }
}

}  // namespace lowbit::quant::product
