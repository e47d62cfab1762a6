#include "lowbit/quant/product/plan.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "lowbit/base/pattern.h"
#include "lowbit/base/suggest.h"

namespace lowbit::quant::product {
namespace {

constexpr int64_t kFloatBits = 32;

// The parameter that the node multiplies with and whose rows can be cut into blocks; "" if it has none.
std::string WeightOf(const Node& node, const Graph& graph) {
  const bool multiplies =
      node.op == "Conv" || node.op == "ConvTranspose" || (node.op == "Gemm" && IntAttribute(node, "transB", 0) != 0);
  if (!multiplies || node.inputs.size() < 2) return "";
  const auto found = graph.parameters.find(node.inputs[1]);
  if (found == graph.parameters.end() || !std::holds_alternative<FloatTensor>(found->second.value)) return "";
  return node.inputs[1];
}

// The layers with weights, not yet planned.
std::vector<LayerPlan> FindLayers(const Graph& graph) {
  std::vector<LayerPlan> layers;
  for (const Node& node : graph.nodes) {
    const std::string weight = WeightOf(node, graph);
    if (weight.empty()) continue;
    const auto known =
        std::find_if(layers.begin(), layers.end(), [&](const LayerPlan& l) { return l.weight == weight; });
    if (known != layers.end()) {
      known->nodes.push_back(node.name);
    } else {
      layers.push_back({node.name, {node.name}, weight, graph.parameters.at(weight).shape()});
    }
  }
  return layers;
}

Status CheckNames(const std::vector<LayerPlan>& layers, const Rules& rules) {
  std::vector<std::string> known;
  for (const LayerPlan& layer : layers) known.insert(known.end(), layer.nodes.begin(), layer.nodes.end());
  std::string nothing = NamesNothing(rules.skip, known);
  for (const auto& [name, rule] : rules.layers) {
    if (std::find(known.begin(), known.end(), name) == known.end()) nothing = name;
  }
  if (nothing.empty()) return Ok();
  return Invalid(UnknownName("layer with a float weight", nothing, known));
}

int64_t Columns(const Shape& shape) { return Elements(shape) / shape[0]; }
bool IsLinear(const LayerPlan& layer) { return layer.shape.size() < 3; }
int64_t KernelSize(const LayerPlan& layer) {
  return IsLinear(layer) ? 1
                         : std::accumulate(layer.shape.begin() + 2, layer.shape.end(), int64_t{1}, std::multiplies<>());
}

// `units` of `size` weights each, or fewer, so that whole blocks fill the row.
int BlockOf(int units, int64_t size, int64_t columns) {
  while (units > 1 && columns % (units * size) != 0) --units;
  return static_cast<int>(units * size);
}

void Apply(const Rules& rules, LayerPlan* layer) {
  const int64_t kernel = KernelSize(*layer), columns = Columns(layer->shape);
  int wanted = rules.conv_centroids;
  layer->codebook = rules.codebook;
  if (kernel > 1) {
    layer->block = BlockOf(rules.kernels, kernel, columns);
  } else {
    layer->block = BlockOf(IsLinear(*layer) ? rules.linear_block : rules.pointwise_block, 1, columns);
    wanted = IsLinear(*layer) ? rules.linear_centroids : rules.pointwise_centroids;
  }
  for (const std::string& node : layer->nodes) {
    const auto own = rules.layers.find(node);
    if (own == rules.layers.end()) continue;
    if (own->second.block != 0) layer->block = own->second.block;
    if (own->second.centroids != 0) wanted = own->second.centroids;
  }
  if (columns % layer->block == 0) layer->centroids = ClampCentroids(wanted, layer->Blocks(), rules.clamp);
}

bool IsSkipped(const LayerPlan& layer, const Rules& rules) {
  return std::any_of(layer.nodes.begin(), layer.nodes.end(),
                     [&](const std::string& node) { return IsNamed(rules.skip, node); });
}

int64_t FloatBits(const Graph& graph) {
  std::set<std::string> statistics;
  for (const Node& node : graph.nodes) {
    if (node.op == "BatchNormalization") statistics.insert(node.inputs.begin() + 3, node.inputs.end());
  }
  int64_t bits = 0;
  for (const auto& [name, parameter] : graph.parameters) {
    const bool counted = std::holds_alternative<FloatTensor>(parameter.value) && statistics.count(name) == 0;
    if (counted) bits += kFloatBits * Elements(parameter.shape());
  }
  return bits;
}

// From the finest to the coarsest; the last is the smallest.
std::vector<Rules> Coarser(const Rules& rules) {
  std::vector<Rules> family = {rules};
  const auto add = [&](int kernels, int pointwise, int linear, int centroids) {
    Rules next = rules;
    next.kernels = std::max(rules.kernels, kernels);
    next.pointwise_block = std::max(rules.pointwise_block, pointwise);
    next.linear_block = std::max(rules.linear_block, linear);
    next.conv_centroids = std::min(rules.conv_centroids, centroids);
    next.pointwise_centroids = std::min(rules.pointwise_centroids, centroids);
    next.linear_centroids = std::min(rules.linear_centroids, centroids * 4);
    family.push_back(next);
  };
  add(2, 8, 4, 256);
  add(2, 8, 8, 256);
  add(3, 12, 8, 256);
  add(kMostKernels, kMostPointwise, kMostPointwise, 256);
  for (int centroids = 128; centroids >= kFewestCentroids; centroids /= 2) {
    add(kMostKernels, kMostPointwise, kMostPointwise, centroids);
  }
  return family;
}

}  // namespace

int ClampCentroids(int wanted, int64_t blocks, Clamp clamp) {
  LOWBIT_CHECK(wanted >= 1 && blocks >= 1);
  int64_t most = 1;
  while (clamp == Clamp::kStrict ? 4 * 2 * most < blocks : 4 * 2 * most <= blocks) most *= 2;
  return static_cast<int>(std::min<int64_t>(wanted, most));
}

Rules SmallRules() { return {}; }

Rules LargeRules() {
  Rules rules;
  rules.kernels = 2;
  rules.pointwise_block = 8;
  return rules;
}

LayerPlan PlanWeight(const std::string& layer, const std::string& weight, const Shape& shape, const Rules& rules) {
  LayerPlan plan = {layer, {layer}, weight, shape};
  Apply(rules, &plan);
  return plan;
}

int64_t LayerPlan::IndexBits() const {
  int bits = 0;
  while ((1 << bits) < centroids) ++bits;
  return Blocks() * bits;
}

int64_t NetworkPlan::IndexBits() const {
  return std::accumulate(layers.begin(), layers.end(), int64_t{0},
                         [](int64_t sum, const LayerPlan& layer) { return sum + layer.IndexBits(); });
}

int64_t NetworkPlan::CodebookBits() const {
  return std::accumulate(layers.begin(), layers.end(), int64_t{0},
                         [](int64_t sum, const LayerPlan& layer) { return sum + layer.CodebookBits(); });
}

Result<NetworkPlan> PlanNetwork(const Graph& graph, const Rules& rules) {
  std::vector<LayerPlan> layers = FindLayers(graph);
  LOWBIT_RETURN_IF_ERROR(CheckNames(layers, rules));
  NetworkPlan plan;
  plan.dense_bits = plan.other_bits = FloatBits(graph);
  for (size_t i = 0; i < layers.size(); ++i) {
    LayerPlan& layer = layers[i];
    if ((i == 0 && !rules.first) || IsSkipped(layer, rules)) continue;
    Apply(rules, &layer);
    if (Columns(layer.shape) % layer.block != 0) {
      return Invalid("layer '" + layer.layer + "': blocks of " + std::to_string(layer.block) +
                     " weights do not divide its rows of " + std::to_string(Columns(layer.shape)));
    }
    plan.other_bits -= layer.DenseBits();
    plan.layers.push_back(layer);
  }
  if (plan.layers.empty()) {
    return Invalid("network '" + graph.name + "' has no float weight to quantize behind its first layer");
  }
  return plan;
}

Result<NetworkPlan> SmallestPlan(const Graph& graph, const Rules& rules) {
  return PlanNetwork(graph, Coarser(rules).back());
}

Result<NetworkPlan> PlanForBudget(const Graph& graph, const Rules& rules, int64_t bits) {
  for (const Rules& candidate : Coarser(rules)) {
    LOWBIT_TRY(NetworkPlan plan, PlanNetwork(graph, candidate));
    if (plan.TotalBits() <= bits) return plan;
  }
  LOWBIT_TRY(const NetworkPlan smallest, SmallestPlan(graph, rules));
  const int64_t least = smallest.TotalBits();
  return Invalid("a budget of " + std::to_string(bits) + " bits cannot be met: the smallest possible size is " +
                 std::to_string(least) + " bits (" + std::to_string((least + 7) / 8) + " bytes), of which " +
                 std::to_string(smallest.other_bits) + " bits stay float");
}

}  // namespace lowbit::quant::product
