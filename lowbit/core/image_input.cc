#include "lowbit/core/image_input.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "lowbit/core/graph_names.h"

namespace lowbit {
namespace {

Status CheckValues(const PixelNormalization& normalization, const Shape& image) {
  const auto finite = [](const std::vector<float>& values) {
    return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
  };
  if (!finite(normalization.mean) || !finite(normalization.scale)) {
    return Invalid("mean and scale of the input must be finite");
  }
  const auto channels = static_cast<size_t>(image[0]), pixels = static_cast<size_t>(Elements(image));
  const size_t means = normalization.mean.size(), scales = normalization.scale.size();
  if (means > 1 && means != channels && means != pixels) {
    return Invalid("the input's mean has " + std::to_string(means) + " values; expected 1, one for each of the " +
                   std::to_string(channels) + " channels or " + std::to_string(pixels) + " pixels");
  }
  if (scales > 1 && scales != channels) {
    return Invalid("the input's scale has " + std::to_string(scales) + " values; expected 1 or " +
                   std::to_string(channels));
  }
  return Ok();
}

Status CheckImageInput(const Graph& graph, const char* order) {
  if (graph.inputs.size() == 1 && graph.inputs[0].shape.size() == 4) return Ok();
  std::string found;
  for (const GraphInput& input : graph.inputs) found += " '" + input.name + "' " + ToString(input.shape);
  return Invalid("takes" + found + "; expected one input of images [batch, " + order + "]");
}

// Nodes that follow each other, in front of a graph's others.
class Front {
 public:
  explicit Front(Graph* graph) : graph_(graph), names_(*graph), value_(graph->inputs[0].name) {}

  // Adds `op` of what the ones before made and, unless it is null, of a parameter.
  void Add(const std::string& wish, const std::string& op, const FloatTensor* parameter, Attributes attributes = {}) {
    const std::string name = names_.Unique(wish);
    Node node = {name, op, {value_}, {name}, std::move(attributes)};
    if (parameter != nullptr) {
      node.inputs.push_back(names_.Unique(wish + ".value"));
      graph_->parameters[node.inputs[1]].value = *parameter;
    }
    value_ = name;
    nodes_.push_back(std::move(node));
  }

  // All that read the input read the last one's result, whose name this returns.
  std::string Connect() {
    const std::string input = graph_->inputs[0].name;
    for (Node& node : graph_->nodes) std::replace(node.inputs.begin(), node.inputs.end(), input, value_);
    graph_->nodes.insert(graph_->nodes.begin(), nodes_.begin(), nodes_.end());
    return value_;
  }

 private:
  Graph* graph_;
  GraphNames names_;
  std::string value_;
  std::vector<Node> nodes_;
};

// For each channel, or for each pixel, in a shape that an image can be combined with.
FloatTensor ForImage(const std::vector<float>& values, const Shape& image) {
  const bool pixels = values.size() == static_cast<size_t>(Elements(image));
  return FloatTensor(pixels ? image : Shape{static_cast<int64_t>(values.size()), 1, 1}, values);
}

bool AllAre(float value, const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [value](float v) { return v == value; });
}

}  // namespace

Result<std::string> NormalizePixels(const PixelNormalization& normalization, Graph* graph) {
  LOWBIT_RETURN_IF_ERROR(CheckImageInput(*graph, "channels, height, width"));
  const Shape image(graph->inputs[0].shape.begin() + 1, graph->inputs[0].shape.end());
  LOWBIT_RETURN_IF_ERROR(CheckValues(normalization, image));
  Front front(graph);
  if (normalization.reverse_channels && image[0] > 1) {
    FloatTensor order({image[0]});  // Gather takes its indices as floats.
    std::iota(order.data.rbegin(), order.data.rend(), 0.0f);
    front.Add("input.bgr", "Gather", &order, {{"axis", int64_t{1}}});
  }
  const FloatTensor mean = ForImage(normalization.mean, image), scale = ForImage(normalization.scale, image);
  if (!AllAre(0, mean.data)) front.Add("input.sub", "Sub", &mean);
  if (!AllAre(1, scale.data)) front.Add("input.mul", "Mul", &scale);
  return front.Connect();
}

Result<Graph> TakeChannelsFirst(Graph graph) {
  LOWBIT_RETURN_IF_ERROR(CheckImageInput(graph, "height, width, channels"));
  const std::string input = graph.inputs[0].name;
  Shape& shape = graph.inputs[0].shape;
  std::rotate(shape.begin() + 1, shape.begin() + 3, shape.end());
  const std::vector<int64_t> to_first = {0, 3, 1, 2}, from_first = {0, 2, 3, 1};
  const auto reads = [&](const Node& node) {
    return std::find(node.inputs.begin(), node.inputs.end(), input) != node.inputs.end();
  };
  const auto turns = [&](const Node& node) {
    return node.op == "Transpose" && reads(node) && IntsAttribute(node, "perm", {}) == to_first &&
           std::find(graph.outputs.begin(), graph.outputs.end(), node.outputs[0]) == graph.outputs.end();
  };
  std::vector<std::string> turned;
  for (const Node& node : graph.nodes) {
    if (turns(node)) turned.push_back(node.outputs[0]);
  }
  graph.nodes.erase(std::remove_if(graph.nodes.begin(), graph.nodes.end(), turns), graph.nodes.end());
  if (std::any_of(graph.nodes.begin(), graph.nodes.end(), reads)) {
    Front front(&graph);
    front.Add("input.nhwc", "Transpose", nullptr, {{"perm", from_first}});
    front.Connect();
  }
  for (Node& node : graph.nodes) {
    for (const std::string& value : turned) std::replace(node.inputs.begin(), node.inputs.end(), value, input);
  }
  return graph;
}

}  // namespace lowbit
