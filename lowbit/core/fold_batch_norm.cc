#include "lowbit/core/fold_batch_norm.h"

#include <algorithm>
#include <utility>

#include "lowbit/core/channel_affine.h"
#include "lowbit/core/graph_names.h"

namespace lowbit {
namespace {

class Folder {
 public:
  explicit Folder(const Graph& graph) : graph_(graph), names_(graph) {}

  Graph Run() {
    for (size_t i = 0; i < graph_.nodes.size();) {
      if (!Fold(i)) ++i;
    }
    return std::move(graph_);
  }

 private:
  const FloatTensor* Floats(const std::string& name) const {
    const auto found = graph_.parameters.find(name);
    return found == graph_.parameters.end() ? nullptr : std::get_if<FloatTensor>(&found->second.value);
  }

  // The layer that makes the value for nobody else, of weights by rows that nobody else reads; null if there is none.
  Node* LayerOf(const std::string& value) {
    for (Node& node : graph_.nodes) {
      if (node.outputs[0] != value) continue;
      const bool gemm = node.op == "Gemm" && IntAttribute(node, "transB", 0) != 0 &&
                        FloatAttribute(node, "alpha", 1) == 1 && FloatAttribute(node, "beta", 1) == 1;
      const bool fits =
          (node.op == "Conv" || gemm) && CountReaders(graph_, value) == 1 && CountReaders(graph_, node.inputs[1]) == 1;
      return fits && graph_.parameters.count(node.inputs[1]) != 0 ? &node : nullptr;
    }
    return nullptr;
  }

  // The layer's bias for each of its channels; false where it is of another form.
  bool ReadBias(const Node& layer, std::vector<double>* bias) const {
    if (!HasInput(layer, 2)) return true;
    const FloatTensor* given = Floats(layer.inputs[2]);
    if (given == nullptr || given->shape != Shape{static_cast<int64_t>(bias->size())}) return false;
    bias->assign(given->data.begin(), given->data.end());
    return true;
  }

  static void ScaleRows(const std::vector<double>& factors, FloatTensor* weights) {
    const size_t columns = weights->data.size() / factors.size();
    for (size_t i = 0; i < weights->data.size(); ++i) {
      weights->data[i] = static_cast<float>(weights->data[i] * factors[i / columns]);
    }
  }

  static void ScaleRows(const std::vector<double>& factors, QTensor* weights) {
    std::vector<float> scales;
    for (size_t row = 0; row < factors.size(); ++row) {
      scales.push_back(static_cast<float>(weights->Scale(static_cast<int64_t>(row)) * factors[row]));
    }
    weights->scales = std::move(scales);
  }

  void DropUnread(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      if (CountReaders(graph_, name) == 0) graph_.parameters.erase(name);
    }
  }

  bool Fold(size_t index) {
    const Node norm = graph_.nodes[index];
    Node* layer = norm.op == "BatchNormalization" ? LayerOf(norm.inputs[0]) : nullptr;
    const FloatTensor* scale = layer == nullptr ? nullptr : Floats(norm.inputs[1]);
    if (scale == nullptr) return false;
    const int64_t channels = scale->shape[0];
    ChannelAffine affine = ChannelAffine::Identity(channels);
    const auto find = [this](const std::string& name) { return Floats(name); };
    if (!ReadBias(*layer, &affine.shift)) return false;
    if (!AppendAffine(norm, norm.inputs[0], {1, channels}, find, &affine)) return false;
    Parameter& weights = graph_.parameters.at(layer->inputs[1]);
    if (auto* floats = std::get_if<FloatTensor>(&weights.value)) ScaleRows(affine.scale, floats);
    if (auto* low_bit = std::get_if<QTensor>(&weights.value)) ScaleRows(affine.scale, low_bit);
    std::vector<std::string> left = norm.inputs;
    if (HasInput(*layer, 2)) left.push_back(layer->inputs[2]);
    layer->inputs.resize(3);
    layer->inputs[2] = names_.Unique(layer->name + ".bias");
    Parameter& bias = graph_.parameters[layer->inputs[2]];
    bias.value = FloatTensor({channels}, {affine.shift.begin(), affine.shift.end()});
    bias.traits.role = ParameterTraits::Role::kBias;
    layer->outputs[0] = norm.outputs[0];
    graph_.nodes.erase(graph_.nodes.begin() + static_cast<std::ptrdiff_t>(index));
    DropUnread(left);
    return true;
  }

  Graph graph_;
  GraphNames names_;
};

}  // namespace

Graph FoldBatchNorm(const Graph& graph) { return Folder(graph).Run(); }

}  // namespace lowbit
