#include "lowbit/compress/product/product.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "lowbit/base/half.h"
#include "lowbit/compress/inputs/check_images.h"
#include "lowbit/compress/inputs/layer_inputs.h"
#include "lowbit/compress/product/channel_gains.h"
#include "lowbit/compress/product/input_statistics.h"
#include "lowbit/core/validate.h"
#include "lowbit/quant/product/clustering.h"
#include "lowbit/quant/product/codebook_form.h"
#include "lowbit/quant/product/permutations.h"
#include "lowbit/runtime/model.h"

namespace lowbit::compress {
namespace {

using quant::product::Blocks;
using quant::product::Clustering;
using quant::product::LayerPlan;
using quant::product::Matrix;

// Inputs that are kept to compare a layer's outputs on.
constexpr size_t kKeptInputs = size_t{1} << 22;

double RelativeError(double error, double power) { return power > 0 ? std::sqrt(error / power) : 0; }

const Node& NodeNamed(const Graph& graph, const std::string& name) {
  return *std::find_if(graph.nodes.begin(), graph.nodes.end(), [&](const Node& node) { return node.name == name; });
}

// A layer's inputs, seen in the network as it is so far.
struct Watched {
  Matrix pooled;
  std::vector<Matrix> positions;
  std::vector<float> kept;  // Of the first node.
  Shape kept_shape;
};

class Quantizer {
 public:
  Quantizer(const data::ImageSet* images, const ProductOptions& options, ProductNetwork* network)
      : images_(images), options_(options), network_(network) {
    network->samples = images == nullptr ? 0 : std::min(options.samples, images->count());
  }

  Result<ProductLayer> Quantize(const LayerPlan& plan) {
    ProductLayer layer;
    layer.plan = plan;
    Graph& graph = network_->graph;
    LOWBIT_TRY(const Watched watched, Watch(plan));
    const FloatTensor weights = std::get<FloatTensor>(graph.parameters.at(plan.weight).value);
    FloatTensor rows = weights;
    const std::vector<float> gains = options_.gains ? TakeGains(plan.nodes, &rows, &graph) : std::vector<float>();
    layer.gains = !gains.empty();
    LOWBIT_TRY(const QTensor tensor, Fit(plan, rows, gains, watched));
    layer.codewords = tensor.values.Count();
    LOWBIT_TRY(const Errors fitted, Measure(plan, weights, Approximation(tensor, gains), watched));
    layer.weight_error = fitted.weight;
    layer.output_error = fitted.output;
    graph.parameters.at(plan.weight).value = tensor;
    if (options_.tune == nullptr) return layer;
    LOWBIT_TRY(const QTensor tuned, options_.tune(graph, plan));
    LOWBIT_TRY(const Errors after, Measure(plan, weights, Approximation(tuned, gains), watched));
    layer.tuned_error = after.output;
    graph.parameters.at(plan.weight).value = tuned;
    return layer;
  }

 private:
  Result<Watched> Watch(const LayerPlan& plan) {
    Watched watched;
    if (images_ == nullptr) return watched;
    for (const std::string& name : plan.nodes) {
      const Node& node = NodeNamed(network_->graph, name);
      if (!ReadsPatches(node)) return Watched();
      InputStatistics statistics(node, plan.shape, plan.block);
      const bool first = watched.positions.empty();
      const auto watch = [&](Span<const float> values, const Shape& shape) {
        statistics.Add(values, shape);
        if (first) Keep(values, shape, &watched);
        return Ok();
      };
      LOWBIT_RETURN_IF_ERROR(
          WatchOnImages(network_->graph, node.inputs[0], *images_, network_->samples, options_.threads, watch));
      AddStatistics(statistics, &watched);
    }
    return watched;
  }

  // Whole batches as long as there is room; of the first one as many images as fit, and one at least.
  static void Keep(Span<const float> values, const Shape& shape, Watched* watched) {
    const size_t each = values.size() / static_cast<size_t>(shape[0]);
    size_t images = static_cast<size_t>(shape[0]);
    if (watched->kept.size() + values.size() > kKeptInputs) {
      if (!watched->kept.empty()) return;
      images = std::max<size_t>(1, kKeptInputs / each);
    }
    const int64_t before = watched->kept_shape.empty() ? 0 : watched->kept_shape[0];
    watched->kept.insert(watched->kept.end(), values.begin(),
                         values.begin() + static_cast<std::ptrdiff_t>(images * each));
    watched->kept_shape = shape;
    watched->kept_shape[0] = before + static_cast<int64_t>(images);
  }

  static void AddStatistics(const InputStatistics& statistics, Watched* watched) {
    if (watched->positions.empty()) {
      watched->positions = statistics.positions();
      watched->pooled = statistics.Pooled();
      return;
    }
    const Matrix pooled = statistics.Pooled();
    for (size_t i = 0; i < pooled.values.size(); ++i) watched->pooled.values[i] += pooled.values[i];
    for (size_t p = 0; p < watched->positions.size(); ++p) {
      for (size_t i = 0; i < pooled.values.size(); ++i) {
        watched->positions[p].values[i] += statistics.positions()[p].values[i];
      }
    }
  }

  // The metrics of the blocks; none: the weights themselves are fitted.
  std::vector<Matrix> Metrics(const Watched& watched) const {
    if (watched.positions.empty()) return {};
    if (!options_.positions) return {quant::product::Regularize(watched.pooled, options_.regularization)};
    // A position that is never active keeps a small share of what all have, so that it counts for little.
    const auto count = static_cast<double>(watched.positions.size());
    const double floor = options_.regularization * watched.pooled.Trace() / (count * watched.pooled.size);
    if (!(floor > 0)) return {};
    std::vector<Matrix> metrics = watched.positions;
    for (Matrix& metric : metrics) {
      for (int i = 0; i < metric.size; ++i) metric.row(i)[i] += floor;
    }
    return metrics;
  }

  Result<QTensor> Fit(const LayerPlan& plan, const FloatTensor& rows, const std::vector<float>& gains,
                      const Watched& watched) const {
    Blocks blocks;
    blocks.dimension = plan.block;
    blocks.values = rows.data;
    blocks.metrics = Metrics(watched);
    const size_t count = blocks.count(), per_row = count / static_cast<size_t>(plan.shape[0]);
    for (size_t p = 0; !gains.empty() && p < count; ++p) {
      const float gain = gains[p / per_row];
      blocks.weights.push_back(gain * gain);
    }
    if (blocks.metrics.size() > 1) {
      const size_t groups = blocks.metrics.size() / per_row,
                   rows_of_group = static_cast<size_t>(plan.shape[0]) / groups;
      for (size_t p = 0; p < count; ++p) {
        blocks.metric_of.push_back(static_cast<uint32_t>(p / per_row / rows_of_group * per_row + p % per_row));
      }
    }
    quant::product::ClusteringOptions options;
    options.centroids = plan.centroids;
    options.iterations = options_.iterations;
    options.annealing = options_.annealing;
    options.replacement = options_.replacement;
    options.seed = options_.seed;
    options.stream = plan.layer;
    return Pack(plan, quant::product::Cluster(blocks, options));
  }

  static Result<QTensor> Pack(const LayerPlan& plan, const Clustering& clustering) {
    const std::vector<float> vectors(clustering.centroids.begin(), clustering.centroids.end());
    const auto fits = [](float v) { return std::abs(v) <= kLargestHalf; };
    QTensor tensor;
    tensor.shape = plan.shape;
    tensor.scales = {1};
    const bool halves = plan.codebook.storage == ValueSet::Storage::kFloat16;
    if (halves && !std::all_of(vectors.begin(), vectors.end(), fits)) {
      return Invalid("layer '" + plan.layer + "' has weights beyond 65504, which no codebook of halves can hold");
    }
    tensor.values = quant::product::MakeCodebook(vectors, plan.block, plan.codebook);
    for (const int32_t code : clustering.codes) tensor.AddCode(code);
    return tensor;
  }

  // What the layer multiplies with in place of its weights, its gains included.
  static FloatTensor Approximation(const QTensor& tensor, const std::vector<float>& gains) {
    FloatTensor values = Dequantize(tensor);
    const size_t columns = values.data.size() / static_cast<size_t>(tensor.Rows());
    for (size_t i = 0; !gains.empty() && i < values.data.size(); ++i) values.data[i] *= gains[i / columns];
    return values;
  }

  // As those of ProductLayer.
  struct Errors {
    double weight = 0, output = -1;
  };

  Result<Errors> Measure(const LayerPlan& plan, const FloatTensor& weights, const FloatTensor& changed,
                         const Watched& watched) const {
    FloatTensor difference = weights;
    double error = 0, power = 0;
    for (size_t i = 0; i < weights.data.size(); ++i) {
      difference.data[i] -= changed.data[i];
      error += std::pow(static_cast<double>(difference.data[i]), 2);
      power += std::pow(static_cast<double>(weights.data[i]), 2);
    }
    Errors errors;
    errors.weight = RelativeError(error, power);
    if (watched.kept.empty()) return errors;
    LOWBIT_TRY(const double of_difference, OutputPower(plan, difference, watched));
    LOWBIT_TRY(const double of_weights, OutputPower(plan, weights, watched));
    errors.output = RelativeError(of_difference, of_weights);
    return errors;
  }

  // The sum of squares of what the layer computes of the inputs that were kept, without bias.
  Result<double> OutputPower(const LayerPlan& plan, const FloatTensor& weights, const Watched& watched) const {
    Graph graph;
    graph.name = plan.layer;
    graph.inputs = {{"x", watched.kept_shape}};
    graph.inputs[0].shape[0] = kDynamic;
    Node node = NodeNamed(network_->graph, plan.layer);
    node.inputs = {"x", "w"};
    node.outputs = {"y"};
    graph.nodes = {node};
    graph.outputs = {"y"};
    graph.parameters["w"].value = weights;
    LOWBIT_TRY(runtime::Model model,
               runtime::Model::FromGraph(graph, {.threads = options_.threads, .self_test = false}));
    LOWBIT_TRY(const int64_t elements, model.OutputElements(0, watched.kept_shape[0]));
    std::vector<float> output(static_cast<size_t>(elements));
    LOWBIT_RETURN_IF_ERROR(model.Run(watched.kept, watched.kept_shape[0], output));
    double sum = 0;
    for (const float value : output) sum += std::pow(static_cast<double>(value), 2);
    return sum;
  }

  const data::ImageSet* images_;
  const ProductOptions& options_;
  ProductNetwork* network_;
};

Status CheckOptions(const ProductOptions& options) {
  if (options.iterations < 1) return Invalid("at least 1 iteration is needed");
  if (options.samples < 1) return Invalid("at least 1 sample is needed");
  if (!(options.annealing >= 0) || !std::isfinite(options.annealing)) return Invalid("annealing must be at least 0");
  if (!(options.regularization > 0) || !std::isfinite(options.regularization)) {
    return Invalid("the regularization must be above 0");
  }
  return Ok();
}

// The layer as an interrupted call left it, or null.
const QTensor* Done(const Graph* done, const LayerPlan& plan) {
  if (done == nullptr) return nullptr;
  const auto found = done->parameters.find(plan.weight);
  const QTensor* tensor = found == done->parameters.end() ? nullptr : std::get_if<QTensor>(&found->second.value);
  const bool fits = tensor != nullptr && tensor->shape == plan.shape && tensor->values.block == plan.block;
  return fits ? tensor : nullptr;
}

}  // namespace

Result<ProductNetwork> QuantizeProduct(const Graph& graph, const quant::product::NetworkPlan& plan,
                                       const data::ImageSet* images, const ProductOptions& options,
                                       const ProductProgress& progress, const Graph* done) {
  LOWBIT_RETURN_IF_ERROR(CheckOptions(options));
  LOWBIT_RETURN_IF_ERROR(Validate(graph));
  if (images != nullptr) LOWBIT_RETURN_IF_ERROR(CheckImages(graph, *images));
  ProductNetwork network;
  network.graph = done != nullptr ? *done : graph;
  if (done == nullptr && options.permutations) {
    network.graph = quant::product::PermuteChannels(graph, plan, {.seed = options.seed});
  }
  Quantizer quantizer(images, options, &network);
  const auto of = static_cast<int64_t>(plan.layers.size());
  for (int64_t i = 0; i < of; ++i) {
    const LayerPlan& layer = plan.layers[static_cast<size_t>(i)];
    if (progress != nullptr) LOWBIT_RETURN_IF_ERROR(progress(i, of, network));
    if (const QTensor* tensor = Done(done, layer)) {
      ProductLayer kept;
      kept.plan = layer;
      kept.codewords = tensor->values.Count();
      kept.kept = true;
      network.layers.push_back(kept);
      continue;
    }
    LOWBIT_TRY(const ProductLayer quantized, quantizer.Quantize(layer));
    network.layers.push_back(quantized);
  }
  if (progress != nullptr) LOWBIT_RETURN_IF_ERROR(progress(of, of, network));
  return network;
}

}  // namespace lowbit::compress
