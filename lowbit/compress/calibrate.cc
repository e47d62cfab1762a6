#include "lowbit/compress/calibrate.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "lowbit/compress/inputs/check_images.h"
#include "lowbit/compress/magnitude_histogram.h"
#include "lowbit/compress/output_errors.h"
#include "lowbit/compress/quantize_states.h"
#include "lowbit/core/insert_quantizers.h"
#include "lowbit/core/integer_form.h"
#include "lowbit/core/validate.h"
#include "lowbit/runtime/model.h"

namespace lowbit::compress {
namespace {

constexpr int64_t kBatch = 32;
constexpr int64_t kErrorSamples = 64;
constexpr int kSizes = 128;
constexpr double kSizeStep = .97;
// Values below have no scale that is a float with an inverse: as good as 0.
constexpr double kSmallest = 1e-30;

Status CheckBits(const char* name, int bits, int least) {
  if (bits >= least && bits <= 8) return Ok();
  return Invalid(std::string(name) + " must be in " + std::to_string(least) + "..8; it is " + std::to_string(bits));
}

Status CheckOptions(const CalibrationOptions& options) {
  LOWBIT_RETURN_IF_ERROR(CheckBits("bits", options.bits, 2));
  LOWBIT_RETURN_IF_ERROR(CheckBits("edge bits", options.edge_bits, 2));
  if (!(options.percentile > 0 && options.percentile <= 100)) {
    return Invalid("the percentile must be above 0 and at most 100; it is " + std::to_string(options.percentile));
  }
  if (options.keep_float < 0) {
    return Invalid("activations to keep float must be 0 or more; they are " + std::to_string(options.keep_float));
  }
  if (options.samples >= 1) return Ok();
  return Invalid("at least 1 sample is needed; asked for are " + std::to_string(options.samples));
}

Status CheckGraph(const Graph& graph, const std::vector<QuantizableValue>& values, const data::ImageSet& images) {
  if (QuantizesActivations(graph)) {
    return Invalid("network '" + graph.name + "' has quantized activations already");
  }
  if (values.empty()) {
    return Invalid("network '" + graph.name + "' has no Conv, Gemm or recurrent layer to quantize the input of");
  }
  return CheckImages(graph, images);
}

// The network cut open: its outputs are the values to watch.
Graph WithOutputs(Graph graph, const std::vector<QuantizableValue>& values) {
  graph.outputs.clear();
  for (const QuantizableValue& value : values) {
    if (value.value != graph.inputs[0].name) graph.outputs.push_back(value.value);
  }
  return graph;
}

// Runs the network on some of the images and counts what its values are.
class Watcher {
 public:
  Watcher(const Graph& graph, const std::vector<QuantizableValue>& values, runtime::Model model)
      : input_(graph.inputs[0].name), values_(values), model_(std::move(model)), histograms_(values.size()) {}

  Status Run(const data::ImageSet& images, int64_t samples, const CalibrationProgress& progress) {
    std::vector<float> pixels;
    std::vector<uint8_t> buffer;
    for (int64_t done = 0; done < samples;) {
      const int64_t batch = std::min(kBatch, samples - done);
      pixels.clear();
      for (int64_t i = 0; i < batch; ++i) {
        const int64_t index = (done + i) * images.count() / samples;
        LOWBIT_TRY(const Span<const uint8_t> image, images.Read(index, data::Crop(), &buffer));
        pixels.insert(pixels.end(), image.begin(), image.end());
      }
      LOWBIT_RETURN_IF_ERROR(Watch(pixels, batch));
      done += batch;
      if (progress != nullptr) progress(done, samples);
    }
    return Ok();
  }

  const MagnitudeHistogram& histogram(size_t i) const { return histograms_[i]; }

 private:
  Status Watch(const std::vector<float>& pixels, int64_t batch) {
    std::vector<std::vector<float>> outputs(model_.Outputs().size());
    std::vector<Span<float>> spans;
    for (size_t i = 0; i < outputs.size(); ++i) {
      LOWBIT_TRY(const int64_t elements, model_.OutputElements(i, batch));
      outputs[i].resize(static_cast<size_t>(elements));
      spans.emplace_back(outputs[i]);
    }
    if (!outputs.empty()) LOWBIT_RETURN_IF_ERROR(model_.Run({pixels}, batch, spans));
    size_t next = 0;
    for (size_t i = 0; i < values_.size(); ++i) {
      const bool finite = histograms_[i].Add(values_[i].value == input_ ? pixels : outputs[next++]);
      if (!finite) return Failed("activation '" + values_[i].value + "' is not finite in the samples");
    }
    return Ok();
  }

  std::string input_;
  const std::vector<QuantizableValue>& values_;
  runtime::Model model_;
  std::vector<MagnitudeHistogram> histograms_;
};

// The step of the grid. REQUIRES: some value is not 0
double ChooseScale(const MagnitudeHistogram& histogram, int steps, const CalibrationOptions& options) {
  const double largest = histogram.largest() / steps;
  if (options.rule == RangeRule::kMinMax) return largest;
  if (options.rule == RangeRule::kPercentile) {
    const double limit = histogram.Quantile(options.percentile / 100);
    return limit > 0 ? limit / steps : largest;
  }
  double best = largest, least = histogram.SquaredError(largest, steps), scale = largest;
  for (int i = 1; i < kSizes; ++i) {
    scale *= kSizeStep;
    const double error = histogram.SquaredError(scale, steps);
    if (error < least) least = error, best = scale;
  }
  return best;
}

CalibratedValue ChooseGrid(const QuantizableValue& value, const MagnitudeHistogram& histogram, int bits,
                           const CalibrationOptions& options) {
  CalibratedValue result;
  result.value = value.value;
  result.products = value.products;
  result.bits = bits;
  result.is_signed = !value.nonnegative && histogram.negative();
  result.largest = histogram.largest() < kSmallest ? 0 : histogram.largest();
  if (result.largest == 0) return result;
  const int steps = (1 << (result.is_signed ? bits - 1 : bits)) - 1;
  // What is stored is a float.
  result.scale = static_cast<float>(ChooseScale(histogram, steps, options));
  result.clipped_share = histogram.ShareAbove(result.scale * (steps + .5));
  const double power = histogram.SquaredError(2 * (result.largest + 1), 0);
  result.relative_error = std::sqrt(histogram.SquaredError(result.scale, steps) / power);
  return result;
}

// Takes the grids with the largest errors away.
void KeepFloat(int count, const std::map<std::string, double>& errors, std::vector<CalibratedValue>* values,
               std::map<std::string, ActivationGrid>* grids) {
  std::vector<CalibratedValue*> order;
  for (CalibratedValue& value : *values) {
    value.output_error = errors.at(value.value);
    order.push_back(&value);
  }
  std::stable_sort(order.begin(), order.end(),
                   [](const auto* a, const auto* b) { return a->output_error > b->output_error; });
  order.resize(std::min(order.size(), static_cast<size_t>(count)));
  for (CalibratedValue* value : order) {
    value->bits = 0;
    grids->erase(value->value);
  }
}

}  // namespace

WeightRounding WeightsOf(const CalibrationOptions& options) {
  return {options.weight_bits, options.edge_weight_bits, options.weight_range,
          options.rounding,    options.samples,          options.threads};
}

Result<Calibration> Calibrate(const Graph& graph, const data::ImageSet& images, const CalibrationOptions& options,
                              const CalibrationProgress& progress) {
  LOWBIT_RETURN_IF_ERROR(CheckOptions(options));
  LOWBIT_RETURN_IF_ERROR(Validate(graph));
  const std::vector<QuantizableValue> values = QuantizableValues(graph, {"Conv", "GRU", "Gemm", "LSTM", "RNN"});
  LOWBIT_RETURN_IF_ERROR(CheckGraph(graph, values, images));
  LOWBIT_TRY(RoundedNetwork network, RoundWeights(graph, &images, WeightsOf(options)));
  const Graph& rounded = network.graph;

  Calibration calibration;
  calibration.weights = std::move(network.weights);
  calibration.samples = std::min(options.samples, images.count());
  Graph open = WithOutputs(rounded, values);
  if (open.outputs.empty()) open.outputs = rounded.outputs;
  LOWBIT_TRY(runtime::Model model, runtime::Model::FromGraph(open, {.threads = options.threads}));
  Watcher watcher(rounded, values, std::move(model));
  LOWBIT_RETURN_IF_ERROR(watcher.Run(images, calibration.samples, progress));

  std::map<std::string, ActivationGrid> grids;
  for (size_t i = 0; i < values.size(); ++i) {
    const int bits = i == 0 || i + 1 == values.size() ? options.edge_bits : options.bits;
    const CalibratedValue chosen = ChooseGrid(values[i], watcher.histogram(i), bits, options);
    if (chosen.largest == 0) {
      calibration.warnings.push_back("activation '" + chosen.value + "' is 0 in all " +
                                     std::to_string(calibration.samples) + " samples");
    }
    grids[chosen.value] = {chosen.scale, chosen.bits, chosen.is_signed};
    calibration.values.push_back(chosen);
  }
  if (options.keep_float > 0) {
    const int64_t samples = std::min(calibration.samples, kErrorSamples);
    LOWBIT_TRY(const auto errors, OutputErrors(rounded, grids, images, samples, options.threads));
    KeepFloat(options.keep_float, errors, &calibration.values, &grids);
  }
  calibration.graph = InsertQuantizers(rounded, grids);
  for (std::string& warning : QuantizeStates(options.bits, &calibration.graph)) {
    calibration.warnings.push_back(std::move(warning));
  }
  return calibration;
}

}  // namespace lowbit::compress
