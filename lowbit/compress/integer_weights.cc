#include "lowbit/compress/integer_weights.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "lowbit/base/span.h"
#include "lowbit/base/thread_pool.h"
#include "lowbit/compress/inputs/check_images.h"
#include "lowbit/compress/inputs/layer_inputs.h"
#include "lowbit/compress/rounding/compensate_layer.h"

namespace lowbit::compress {
namespace {

// The node's weights whose rows have scales of their own.
std::vector<std::string> WeightsOf(const Node& node) {
  if (node.op == "RNN" || node.op == "GRU" || node.op == "LSTM") return {node.inputs[1], node.inputs[2]};
  const bool rows = node.op == "Conv" || (node.op == "Gemm" && IntAttribute(node, "transB", 0) != 0);
  return rows ? std::vector<std::string>{node.inputs[1]} : std::vector<std::string>();
}

bool IsFloat(const Graph& graph, const std::string& name) {
  const auto found = graph.parameters.find(name);
  return found != graph.parameters.end() && std::holds_alternative<FloatTensor>(found->second.value);
}

// A float weight and who reads it.
struct Target {
  std::string weight;
  std::vector<const Node*> readers;  // In the order of execution.
  bool edge = false;                 // Of the first or the last layer.
};

std::vector<Target> FindTargets(const Graph& graph) {
  std::vector<const Node*> layers;
  for (const Node& node : graph.nodes) {
    if (!WeightsOf(node).empty()) layers.push_back(&node);
  }
  std::vector<Target> targets;
  for (const Node* layer : layers) {
    for (const std::string& weight : WeightsOf(*layer)) {
      if (!IsFloat(graph, weight)) continue;
      auto target =
          std::find_if(targets.begin(), targets.end(), [&](const Target& other) { return other.weight == weight; });
      if (target == targets.end()) target = targets.insert(target, {weight, {}, false});
      target->readers.push_back(layer);
      target->edge = target->edge || layer == layers.front() || layer == layers.back();
    }
  }
  return targets;
}

Status CheckBits(const char* what, int bits) {
  if (bits == 0 || (bits >= 2 && bits <= 8)) return Ok();
  return Invalid(std::string(what) + " are 2..8, or 0 for weights that stay float; asked for are " +
                 std::to_string(bits));
}

Status CheckOptions(const Graph& graph, const data::ImageSet* images, const WeightRounding& options) {
  LOWBIT_RETURN_IF_ERROR(CheckBits("weight bits", options.bits));
  LOWBIT_RETURN_IF_ERROR(CheckBits("edge weight bits", options.edge_bits.value_or(options.bits)));
  if (options.rounding == Rounding::kNearest) return Ok();
  if (images == nullptr) return Invalid("compensated rounding needs images to see the layers' inputs on");
  if (options.samples < 1) {
    return Invalid("at least 1 sample is needed; asked for are " + std::to_string(options.samples));
  }
  return CheckImages(graph, *images);
}

bool IsComputed(const Graph& graph, const std::string& value) { return graph.parameters.count(value) == 0; }

bool CanCompensate(const Graph& graph, const Target& target) {
  return std::all_of(target.readers.begin(), target.readers.end(),
                     [&](const Node* node) { return ReadsPatches(*node) && IsComputed(graph, node->inputs[0]); });
}

Status CheckFinite(const Graph& graph, const std::vector<Target>& targets) {
  for (const Target& target : targets) {
    const FloatTensor& weights = std::get<FloatTensor>(graph.parameters.at(target.weight).value);
    const bool finite = std::all_of(weights.data.begin(), weights.data.end(), [](float v) { return std::isfinite(v); });
    if (!finite) return Invalid("weight '" + target.weight + "' has a value that is not finite");
  }
  return Ok();
}

double RelativeError(const FloatTensor& weights, const FloatTensor& rounded) {
  double error = 0, power = 0;
  for (size_t i = 0; i < weights.data.size(); ++i) {
    error += std::pow(static_cast<double>(weights.data[i]) - static_cast<double>(rounded.data[i]), 2);
    power += std::pow(static_cast<double>(weights.data[i]), 2);
  }
  return power > 0 ? std::sqrt(error / power) : 0;
}

}  // namespace

QTensor RoundToIntegers(const FloatTensor& weights, int bits, WeightRange range) {
  const int zero = 1 << (bits - 1);
  QTensor tensor = {weights.shape, ValueSet::Affine(bits, zero), {}, {}};
  tensor.codes.reserve(weights.data.size());
  const auto columns = static_cast<size_t>(Elements(weights.shape) / weights.shape[0]);
  for (size_t row = 0; row < static_cast<size_t>(weights.shape[0]); ++row) {
    const Span<const float> values(weights.data.data() + row * columns, columns);
    const RowGrid grid = ChooseRowGrid(values, bits, range);
    tensor.scales.push_back(grid.scale);
    for (const float value : values) {
      tensor.codes.push_back(static_cast<uint8_t>(zero + grid.Nearest(static_cast<double>(value))));
    }
  }
  return tensor;
}

Result<RoundedNetwork> RoundWeights(const Graph& graph, const data::ImageSet* images, const WeightRounding& options) {
  LOWBIT_RETURN_IF_ERROR(CheckOptions(graph, images, options));
  const std::vector<Target> targets = FindTargets(graph);
  LOWBIT_RETURN_IF_ERROR(CheckFinite(graph, targets));
  const bool compensated = options.rounding == Rounding::kCompensated;
  const WeightRange range = options.range.value_or(compensated ? WeightRange::kMeanSquaredError : WeightRange::kMax);
  ThreadPool pool(options.threads == 0 ? HardwareThreads() : options.threads);
  RoundedNetwork network;
  network.graph = graph;
  RoundingInputs inputs = {&graph, &network.graph, images, 0, &pool};
  if (compensated) inputs.samples = std::min(options.samples, images->count());
  for (const Target& target : targets) {
    RoundedWeight rounded;
    rounded.weight = target.weight;
    rounded.layer = target.readers[0]->name;
    rounded.bits = target.edge ? options.edge_bits.value_or(options.bits) : options.bits;
    if (rounded.bits == 0) continue;
    const FloatTensor& weights = std::get<FloatTensor>(graph.parameters.at(target.weight).value);
    QTensor tensor;
    if (compensated && CanCompensate(graph, target)) {
      LOWBIT_TRY(CompensatedLayer layer, CompensateLayer(inputs, target.weight, target.readers, rounded.bits, range));
      rounded.output_error = layer.output_error;
      rounded.nearest_error = layer.nearest_error;
      tensor = std::move(layer.weight);
    } else {
      tensor = RoundToIntegers(weights, rounded.bits, range);
    }
    rounded.weight_error = RelativeError(weights, Dequantize(tensor));
    network.graph.parameters.at(target.weight).value = std::move(tensor);
    network.weights.push_back(std::move(rounded));
  }
  return network;
}

Result<RoundedNetwork> RoundWeightsAlone(const Graph& graph, const data::ImageSet* images,
                                         const WeightRounding& options) {
  if (options.bits == 0 && options.edge_bits.value_or(0) == 0) {
    return Invalid("neither weights nor activations are to be quantized: both have 0 bits");
  }
  if (FindTargets(graph).empty()) {
    return Invalid("network '" + graph.name + "' has no Conv, Gemm or recurrent layer with float weights");
  }
  return RoundWeights(graph, images, options);
}

}  // namespace lowbit::compress
