#include "lowbit/compress/channel_groups.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "lowbit/core/validate.h"

namespace lowbit::compress {
namespace {

struct Block {
  std::string obstacle;
  std::vector<size_t> channels;
};

// Joins channels that must have one factor: a forest whose trees are the groups.
class Finder {
 public:
  explicit Finder(const Graph& graph) : graph_(graph), shapes_(InferShapes(graph, 2).value()) {}

  ChannelGroups Run() {
    for (const GraphInput& input : graph_.inputs) BlockChannels("", {input.name});
    for (size_t i = 0; i < graph_.nodes.size(); ++i) Visit(i);
    for (const std::string& output : graph_.outputs) BlockChannels("output '" + output + "'", {output});
    return Collect();
  }

 private:
  // The numbers of a value's channels, which are its second dimension; none of values without one, and of parameters.
  const std::vector<size_t>& Channels(const std::string& value) {
    const auto known = channels_.find(value);
    if (known != channels_.end()) return known->second;
    std::vector<size_t>& numbers = channels_[value];
    const auto shape = shapes_.find(value);
    if (graph_.parameters.count(value) != 0 || shape == shapes_.end() || shape->second.size() < 2) return numbers;
    numbers.resize(static_cast<size_t>(shape->second[1]));
    std::iota(numbers.begin(), numbers.end(), parents_.size());
    parents_.resize(parents_.size() + numbers.size());
    std::iota(parents_.end() - static_cast<std::ptrdiff_t>(numbers.size()), parents_.end(),
              numbers.empty() ? 0 : numbers[0]);
    return numbers;
  }

  size_t Root(size_t channel) {
    while (parents_[channel] != channel) channel = parents_[channel] = parents_[parents_[channel]];
    return channel;
  }

  // Channel i of a and channel offset + i / width of b are one.
  void Join(const std::vector<size_t>& a, const std::vector<size_t>& b, size_t offset = 0, size_t width = 1) {
    for (size_t i = 0; i < a.size(); ++i) parents_[Root(a[i])] = Root(b[offset + i / width]);
  }

  // The channels of the values stay as they are, because of `obstacle`.
  void BlockChannels(const std::string& obstacle, const std::vector<std::string>& values) {
    Block block = {obstacle, {}};
    for (const std::string& value : values) {
      const std::vector<size_t>& channels = Channels(value);
      block.channels.insert(block.channels.end(), channels.begin(), channels.end());
    }
    blocks_.push_back(std::move(block));
  }

  void BlockNode(const Node& node) {
    std::vector<std::string> values = node.inputs;
    values.insert(values.end(), node.outputs.begin(), node.outputs.end());
    BlockChannels("'" + node.name + "' (" + node.op + ")", values);
  }

  const FloatTensor* OwnFloats(const std::string& name) const {
    const auto found = graph_.parameters.find(name);
    if (found == graph_.parameters.end()) return nullptr;
    return CountReaders(graph_, name) == 1 ? std::get_if<FloatTensor>(&found->second.value) : nullptr;
  }

  // Whether input i of the node is an own parameter with an element for each channel, or may be left out and is.
  bool HasOwnRow(const Node& node, size_t i, size_t channels, bool optional) const {
    if (optional && !HasInput(node, i)) return true;
    const FloatTensor* floats = OwnFloats(node.inputs[i]);
    return floats != nullptr && floats->shape == Shape{static_cast<int64_t>(channels)};
  }

  void AddMakers(size_t index) {
    const std::vector<size_t>& made = Channels(graph_.nodes[index].outputs[0]);
    for (size_t c = 0; c < made.size(); ++c) makers_.push_back({made[c], {index, static_cast<int64_t>(c)}});
  }

  bool VisitLayer(size_t index) {
    const Node& node = graph_.nodes[index];
    const bool gemm = node.op == "Gemm" && IntAttribute(node, "transA", 0) == 0 && IntAttribute(node, "transB", 0) != 0;
    if ((node.op != "Conv" && !gemm) || OwnFloats(node.inputs[1]) == nullptr) return false;
    const std::vector<size_t> read = Channels(node.inputs[0]);
    for (size_t c = 0; c < read.size(); ++c) readers_.push_back({read[c], {index, static_cast<int64_t>(c)}});
    AddMakers(index);
    if (!HasOwnRow(node, 2, Channels(node.outputs[0]).size(), true)) {
      BlockChannels("'" + node.inputs[2] + "', the bias of '" + node.name + "'", {node.outputs[0]});
    }
    return true;
  }

  bool VisitNorm(size_t index) {
    const Node& node = graph_.nodes[index];
    const size_t channels = Channels(node.outputs[0]).size();
    if (node.op != "BatchNormalization" || !HasOwnRow(node, 1, channels, false) ||
        !HasOwnRow(node, 2, channels, false)) {
      return false;
    }
    BlockChannels("'" + node.name + "' (" + node.op + ")", {node.inputs[0]});
    AddMakers(index);
    return true;
  }

  bool IsConstant(const std::string& name) const { return graph_.parameters.count(name) != 0; }

  // The value whose channels the node hands on, each at its place; "" if there is none.
  std::string HandedOn(const Node& node) const {
    static const std::set<std::string> one = {"Identity",    "Dropout",          "Relu", "LeakyRelu", "MaxPool",
                                              "AveragePool", "GlobalAveragePool"};
    if (one.count(node.op) != 0) return node.inputs[0];
    if (node.op == "PRelu" && IsConstant(node.inputs[1])) return node.inputs[0];
    const bool product = node.op == "Mul" || node.op == "Div";
    if (product && IsConstant(node.inputs[1]) && SameShape(node, 0)) return node.inputs[0];
    if (node.op == "Mul" && IsConstant(node.inputs[0]) && SameShape(node, 1)) return node.inputs[1];
    return "";
  }

  bool SameShape(const Node& node, size_t input) const {
    return shapes_.at(node.inputs[input]) == shapes_.at(node.outputs[0]);
  }

  bool VisitHandedOn(const Node& node) {
    const std::string value = HandedOn(node);
    if (value.empty() || IsConstant(value) || node.outputs.size() != 1) return false;
    if (Channels(value).empty() || Channels(value).size() != Channels(node.outputs[0]).size()) return false;
    Join(std::vector<size_t>(Channels(value)), Channels(node.outputs[0]));
    return true;
  }

  // [N, C, ...] -> [N, C ...]: elements keep their order, each channel becomes a run of features.
  bool VisitFlatten(const Node& node) {
    if (node.op != "Flatten" && node.op != "Reshape" && node.op != "Squeeze") return false;
    if (IsConstant(node.inputs[0])) return false;
    const Shape& in = shapes_.at(node.inputs[0]);
    const Shape& out = shapes_.at(node.outputs[0]);
    if (in.size() < 2 || out.size() != 2 || in[0] != out[0] || in[1] == 0 || out[1] % in[1] != 0) return false;
    const std::vector<size_t> from = Channels(node.inputs[0]);
    Join(Channels(node.outputs[0]), from, 0, static_cast<size_t>(out[1] / in[1]));
    return true;
  }

  bool VisitSum(const Node& node) {
    if (node.op != "Add" && node.op != "Sub") return false;
    if (IsConstant(node.inputs[0]) || IsConstant(node.inputs[1]) || !SameShape(node, 0) || !SameShape(node, 1)) {
      return false;
    }
    for (const std::string& input : node.inputs) Join(std::vector<size_t>(Channels(input)), Channels(node.outputs[0]));
    return true;
  }

  bool VisitConcat(const Node& node) {
    if (node.op != "Concat" || std::any_of(node.inputs.begin(), node.inputs.end(),
                                           [this](const std::string& input) { return IsConstant(input); })) {
      return false;
    }
    const auto rank = static_cast<int64_t>(shapes_.at(node.outputs[0]).size());
    const int64_t axis = IntAttribute(node, "axis", 1);
    if ((axis < 0 ? axis + rank : axis) != 1) return false;
    const std::vector<size_t> to = Channels(node.outputs[0]);
    size_t offset = 0;
    for (const std::string& input : node.inputs) {
      const std::vector<size_t>& from = Channels(input);
      Join(from, to, offset);
      offset += from.size();
    }
    return true;
  }

  void Visit(size_t index) {
    const Node& node = graph_.nodes[index];
    if (VisitLayer(index) || VisitNorm(index) || VisitHandedOn(node)) return;
    if (!VisitFlatten(node) && !VisitSum(node) && !VisitConcat(node)) BlockNode(node);
  }

  ChannelGroups Collect() {
    std::map<size_t, size_t> places;  // By root.
    std::vector<ChannelGroup> all;
    for (const auto& [channel, maker] : makers_) {
      const auto place = places.emplace(Root(channel), all.size()).first;
      if (place->second == all.size()) all.emplace_back();
      all[place->second].makers.push_back(maker);
    }
    std::set<size_t> read;  // Roots.
    for (const auto& [channel, reader] : readers_) {
      read.insert(Root(channel));
      const auto place = places.find(Root(channel));
      if (place != places.end()) all[place->second].readers.push_back(reader);
    }
    ChannelGroups found;
    std::set<size_t> blocked;
    for (const Block& block : blocks_) {
      bool behind_layer = false, before_layer = false;
      for (const size_t channel : block.channels) {
        const auto place = places.find(Root(channel));
        before_layer = before_layer || read.count(Root(channel)) != 0;
        if (place == places.end()) continue;
        behind_layer = true;
        blocked.insert(place->second);
      }
      if (behind_layer && before_layer) found.obstacles.push_back(block.obstacle);
    }
    for (size_t i = 0; i < all.size(); ++i) {
      if (!all[i].readers.empty() && blocked.count(i) == 0) found.groups.push_back(std::move(all[i]));
    }
    return found;
  }

  const Graph& graph_;
  std::map<std::string, Shape> shapes_;
  std::map<std::string, std::vector<size_t>> channels_;
  std::vector<size_t> parents_;
  std::vector<std::pair<size_t, NodeChannel>> makers_, readers_;
  std::vector<Block> blocks_;
};

}  // namespace

ChannelGroups FindChannelGroups(const Graph& graph) { return Finder(graph).Run(); }

int64_t InputsOfRow(const Graph& graph, const Node& layer) { return graph.parameters.at(layer.inputs[1]).shape()[1]; }

}  // namespace lowbit::compress
