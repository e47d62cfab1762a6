#include "bench/race/network.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <string>

#include "bench/race/draw.h"
#include "lowbit/core/evaluate.h"
#include "lowbit/core/validate.h"
#include "lowbit/models/model.h"

namespace lowbit::bench {
namespace {

using Values = std::map<std::string, DoubleTensor>;

bool IsProduct(const Node& node) { return node.op == "Conv" || node.op == "Gemm"; }

// Gives all inputs called `from` the name `to`.
void Redirect(const std::string& from, const std::string& to, Graph* graph) {
  for (Node& node : graph->nodes) std::replace(node.inputs.begin(), node.inputs.end(), from, to);
}

// What is left of batch normalization and dropout when scales and biases are random anyway: nothing.
void DropNormalization(Graph* graph) {
  std::vector<Node> kept;
  for (const Node& node : graph->nodes) {
    if (node.op == "BatchNormalization" || node.op == "Dropout") {
      Redirect(node.outputs[0], node.inputs[0], graph);
    }
  }
  for (Node& node : graph->nodes) {
    if (node.op != "BatchNormalization" && node.op != "Dropout") kept.push_back(std::move(node));
  }
  graph->nodes = std::move(kept);
}

// Floats where there are no values.
void DrawWeights(const std::optional<ValueSet>& values, Node* node, Graph* graph) {
  const std::string name = node->inputs[1], bias = node->name + "/bias";
  const Shape shape = graph->parameters.at(name).shape();
  QTensor weight = DrawCodes(name, shape, values.value_or(ValueSet::Affine(8, 128)));
  const int64_t inputs = Elements(shape) / shape[0];
  // He's: it keeps the size of activations through ReLU.
  const double scale = std::sqrt(2 / static_cast<double>(inputs)) / Deviation(weight.values);
  for (const float step : DrawIntegers(name + "/scale", shape[0], 80, 120)) {
    weight.scales.push_back(static_cast<float>(scale * step / 100));
  }
  values.has_value() ? graph->parameters[name].value = std::move(weight)
                     : graph->parameters[name].value = Dequantize(weight);
  FloatTensor biases({shape[0]}, DrawIntegers(bias, shape[0], -10, 10));
  for (float& b : biases.data) b *= 0.01f;
  graph->parameters[bias].value = std::move(biases);
  node->inputs.resize(2);
  node->inputs.push_back(bias);
}

Status DrawAllWeights(const std::string& body, bool floats, Graph* graph) {
  std::vector<Node*> products;
  for (Node& node : graph->nodes) {
    if (IsProduct(node)) products.push_back(&node);
  }
  for (Node* node : products) {
    const bool first = node == products.front(), end = first || node == products.back();
    std::optional<ValueSet> values;
    if (!floats && end) values = ValueSet::Affine(8, 128);
    if (!values.has_value() && !first) {
      LOWBIT_TRY(values, ValuesNamed(body, graph->parameters.at(node->inputs[1]).shape()));
    }
    DrawWeights(values, node, graph);
  }
  return Ok();
}

void RemoveUnused(Graph* graph) {
  std::set<std::string> used;
  for (const Node& node : graph->nodes) used.insert(node.inputs.begin(), node.inputs.end());
  for (auto it = graph->parameters.begin(); it != graph->parameters.end();) {
    it = used.count(it->first) == 0 ? graph->parameters.erase(it) : std::next(it);
  }
}

// A grid of so many bits for the value, as wide as its values were.
Node QuantOf(const std::string& value, const std::string& name, int bits, const DoubleTensor& values, Graph* graph) {
  const auto [low, high] = std::minmax_element(values.data.begin(), values.data.end());
  const bool is_signed = *low < 0;
  const double steps = is_signed ? (1 << (bits - 1)) - 1 : (1 << bits) - 1;
  const double scale = (is_signed ? std::max(-*low, *high) : *high) / steps;
  const std::string width = "bits" + std::to_string(bits);
  graph->parameters[name + "/scale"].value = FloatTensor({}, {static_cast<float>(scale > 0 ? scale : 1)});
  graph->parameters["zero"].value = FloatTensor({}, {0});
  graph->parameters[width].value = FloatTensor({}, {static_cast<float>(bits)});
  return {
      name, "Quant", {value, name + "/scale", "zero", width}, {name}, {{"signed", static_cast<int64_t>(is_signed)}}};
}

// Signs, as large as the value's root mean square.
Node SignOf(const std::string& value, const std::string& name, const DoubleTensor& values, Graph* graph) {
  double squares = 1e-30;
  for (const double v : values.data) squares += v * v / static_cast<double>(values.data.size());
  graph->parameters[name + "/scale"].value = FloatTensor({}, {static_cast<float>(std::sqrt(squares))});
  return {name, "BipolarQuant", {value, name + "/scale"}, {name}, {}};
}

// Operators whose results are already on their input's grid.
bool KeepsGrid(const Node& node) {
  const std::set<std::string> ops = {"MaxPool", "Flatten", "Slice", "Pad", "Concat", "Reshape", "Transpose"};
  return ops.count(node.op) != 0;
}

bool IsReadBy(const std::string& value, const std::string& op, const Graph& graph) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(), [&](const Node& node) {
    return node.op == op && std::find(node.inputs.begin(), node.inputs.end(), value) != node.inputs.end();
  });
}

bool IsActivation(const std::string& op) { return op == "Relu" || op == "Clip"; }

// The normalization of pixels stays in floats.
bool IsComputedFromPixels(const Node& node) { return node.op == "Sub" || node.op == "Mul"; }

// Whether the node's result goes on a grid. `all`: wherever it can; else where layers or additions read it.
bool NeedsGrid(const Node& node, const Graph& graph, bool all) {
  const std::string& value = node.outputs[0];
  if (value == graph.outputs[0] || KeepsGrid(node)) return false;
  if (IsReadBy(value, "Relu", graph) || IsReadBy(value, "Clip", graph)) return false;
  if (IsActivation(node.op) || node.op == "GlobalAveragePool" || IsReadBy(value, "Conv", graph)) return true;
  return all && !IsComputedFromPixels(node);
}

Graph OnGrids(const Graph& graph, const Values& values, bool all) {
  Graph result = graph;
  result.nodes.clear();
  std::map<std::string, std::string> names;
  for (Node node : graph.nodes) {
    for (std::string& input : node.inputs) {
      if (const auto found = names.find(input); found != names.end()) input = found->second;
    }
    const std::string value = node.outputs[0];
    const bool grid = NeedsGrid(node, graph, all);
    result.nodes.push_back(std::move(node));
    if (!grid) continue;
    result.nodes.push_back(QuantOf(value, value + "/grid", 8, values.at(value), &result));
    names[value] = result.nodes.back().name;
  }
  return result;
}

// Few bits in front of all layers but the first and the last, which have bytes; everything else in floats.
Graph OnFewBits(const Graph& graph, const Values& values, bool signs) {
  Graph result = graph;
  result.nodes.clear();
  const auto last = std::find_if(graph.nodes.rbegin(), graph.nodes.rend(), IsProduct);
  std::set<std::string> made;
  bool first = true;
  for (Node node : graph.nodes) {
    if (IsProduct(node)) {
      const std::string value = node.inputs[0];
      const bool end = first || node.name == last->name;
      node.inputs[0] = value + (end ? "/grid" : "/few");
      first = false;
      if (made.insert(node.inputs[0]).second) {
        result.nodes.push_back(!end && signs ? SignOf(value, node.inputs[0], values.at(value), &result)
                                             : QuantOf(value, node.inputs[0], end ? 8 : 2, values.at(value), &result));
      }
    }
    result.nodes.push_back(std::move(node));
  }
  return result;
}

Result<double> MacsOfOne(const Graph& graph) {
  LOWBIT_TRY(const auto shapes, InferShapes(graph, 1));
  double macs = 0;
  for (const Node& node : graph.nodes) {
    if (!IsProduct(node)) continue;
    const Shape& weight = graph.parameters.at(node.inputs[1]).shape();
    const int64_t products = Elements(weight) / weight[0];
    macs += static_cast<double>(Elements(shapes.at(node.outputs[0])) * products);
  }
  return macs;
}

// Activations on the grids that the specification names.
Status PutOnGrids(const std::string& activations, const Graph& graph, Contest* contest) {
  const int64_t size = graph.inputs[0].shape[2];
  DoubleTensor image({1, 3, size, size}, {contest->input.begin(), contest->input.begin() + 3 * size * size});
  LOWBIT_TRY(const Values values, Evaluate(graph, {{graph.inputs[0].name, image}}));
  contest->same_grids = activations == "bytes";
  contest->graph =
      contest->same_grids ? OnGrids(graph, values, false) : OnFewBits(graph, values, activations == "signs");
  contest->rival = OnGrids(graph, values, true);
  return Ok();
}

}  // namespace

Result<Contest> NetworkContest(const nlohmann::json& spec) {
  models::ModelInput input;
  const int64_t size = spec.at("size");
  input.image = {3, size, size};
  input.classes = size == 32 ? 10 : 1000;
  input.mean = {128, 128, 128};
  input.scale = {1.0f / 64};
  Config options;
  if (spec.contains("depth")) options.value = ConfigTable{{"depth", Config{spec["depth"].get<int64_t>(), ""}}};
  LOWBIT_TRY(Graph graph, models::BuildModel(spec.at("network"), input, options, 1));
  DropNormalization(&graph);
  const std::string activations = spec.value("activations", "bytes");
  LOWBIT_RETURN_IF_ERROR(DrawAllWeights(spec.at("weights"), activations == "floats", &graph));
  RemoveUnused(&graph);
  Contest contest;
  contest.batch = spec.value("batch", 1);
  if (contest.batch < 1) return Invalid("the contest has a batch of " + std::to_string(contest.batch));
  contest.input = DrawIntegers("input", contest.batch * Elements(input.image), 0, 255);
  if (activations == "floats") contest.graph = contest.rival = graph;
  if (activations != "floats") LOWBIT_RETURN_IF_ERROR(PutOnGrids(activations, graph, &contest));
  LOWBIT_TRY(const double macs, MacsOfOne(graph));
  contest.macs = macs * static_cast<double>(contest.batch);
  return contest;
}

}  // namespace lowbit::bench
