#include "lowbit/app/calibrate_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "lowbit/app/file_data.h"
#include "lowbit/app/text.h"
#include "lowbit/base/error_in.h"
#include "lowbit/compress/correct_bias.h"
#include "lowbit/core/fold_batch_norm.h"
#include "lowbit/core/integer_form.h"
#include "lowbit/format/lbm/lbm.h"

namespace lowbit::app {

namespace {

// Options that would change nothing are mistakes.
Status CheckOptions(const compress::CalibrationOptions& options) {
  if (options.bits == 0 && options.keep_float > 0) {
    return Invalid("--keep-float chooses among activations that are quantized; with --bits 0 all of them stay float");
  }
  if (options.weight_bits != 0 || options.edge_weight_bits.value_or(0) != 0) return Ok();
  std::string option;
  if (options.rounding != compress::Rounding::kNearest) option = "--rounding";
  if (options.weight_range.has_value()) option = "--weight-range";
  if (option.empty()) return Ok();
  return Invalid(option + " says how weights are rounded; with --weight-bits 0 all of them stay float");
}

bool LooksAtImages(const CalibrateFileRequest& request) {
  const bool ranges = request.equalization == compress::Equalization::kActivations ||
                      request.equalization == compress::Equalization::kBoth;
  const bool compensated = request.options.rounding == compress::Rounding::kCompensated;
  return request.options.bits != 0 || request.correct_bias || ranges || compensated;
}

Result<data::Dataset> LoadImages(const CalibrateFileRequest& request, CalibratedFile* result) {
  LOWBIT_TRY(const Classifier classifier, Classifier::LoadAny(request.file, request.options.threads));
  LOWBIT_TRY(data::Dataset dataset, LoadFileImages(classifier, request.file, request.data));
  result->dataset = dataset.name;
  result->warnings = dataset.warnings;
  result->calibration.samples = std::min(request.options.samples, dataset.train.count());
  return dataset;
}

Result<Graph> EqualizeIfAsked(const CalibrateFileRequest& request, Graph graph, const data::ImageSet& images,
                              CalibratedFile* result) {
  if (request.equalization == compress::Equalization::kNone || QuantizesActivations(graph)) return graph;
  graph = FoldBatchNorm(graph);
  compress::ChannelRanges ranges;
  if (request.equalization != compress::Equalization::kWeights) {
    LOWBIT_TRY(ranges, compress::MeasureChannelRanges(graph, images, request.options.samples, request.options.threads));
  }
  LOWBIT_TRY(compress::Equalized equalized, compress::Equalize(graph, request.equalization, ranges));
  result->warnings.insert(result->warnings.end(), equalized.warnings.begin(), equalized.warnings.end());
  return std::move(equalized.graph);
}

Status Quantize(const CalibrateFileRequest& request, const Graph& graph, const data::ImageSet& images,
                CalibratedFile* result) {
  const compress::CalibrationOptions& options = request.options;
  if (options.bits == 0) {
    LOWBIT_TRY(compress::RoundedNetwork rounded, compress::RoundWeightsAlone(graph, &images, WeightsOf(options)));
    result->calibration.graph = std::move(rounded.graph);
    result->calibration.weights = std::move(rounded.weights);
  } else {
    LOWBIT_TRY(result->calibration, compress::Calibrate(graph, images, options));
  }
  if (!request.correct_bias) return Ok();
  LOWBIT_TRY(result->calibration.graph, compress::CorrectBias(graph, std::move(result->calibration.graph), images,
                                                              options.samples, options.threads));
  return Ok();
}

}  // namespace

Result<CalibratedFile> CalibrateFile(const CalibrateFileRequest& request) {
  LOWBIT_RETURN_IF_ERROR(CheckOptions(request.options));
  CalibratedFile result;
  data::Dataset dataset;
  if (LooksAtImages(request)) {
    LOWBIT_TRY(dataset, LoadImages(request, &result));
  }
  LOWBIT_TRY(Graph network, lbm::Read(request.file));
  const Result<Graph> graph = EqualizeIfAsked(request, std::move(network), dataset.train, &result);
  if (!graph.ok()) return ErrorIn(request.file, graph.error());
  const Status quantized = Quantize(request, graph.value(), dataset.train, &result);
  if (!quantized.ok()) return ErrorIn(request.file, quantized.error());
  if (!dataset.train.Damage().empty()) result.warnings.push_back(dataset.train.Damage());
  const std::vector<std::string>& more = result.calibration.warnings;
  result.warnings.insert(result.warnings.end(), more.begin(), more.end());
  LOWBIT_RETURN_IF_ERROR(lbm::Write(result.calibration.graph, request.out));
  LOWBIT_TRY(result.written, Inspect(request.out));
  return result;
}

namespace {

std::string Percent(double share, int digits) {
  return share < 0 ? "-" : fmt::format("{:.{}f} %", 100 * share, digits);
}

bool IsCompensated(const compress::RoundedWeight& weight) { return weight.output_error >= 0; }

std::string WeightTable(const std::vector<compress::RoundedWeight>& weights) {
  const bool compensated = std::any_of(weights.begin(), weights.end(), IsCompensated);
  std::vector<std::vector<std::string>> rows = {{"weight", "grid", "weight error"}};
  if (compensated) rows[0].insert(rows[0].end(), {"output error", "if nearest"});
  for (const compress::RoundedWeight& weight : weights) {
    rows.push_back({weight.weight, fmt::format("int{}", weight.bits), Percent(weight.weight_error, 2)});
    if (!compensated) continue;
    rows.back().insert(rows.back().end(), {Percent(weight.output_error, 2), Percent(weight.nearest_error, 2)});
  }
  std::string text = TextTable(rows);
  const bool coarse = std::any_of(weights.begin(), weights.end(), [](const auto& w) { return w.bits < 8; });
  if (coarse && !compensated) text += "(--rounding compensated loses less with fewer than 8 bits)\n";
  return text;
}

std::string ActivationTable(const std::vector<compress::CalibratedValue>& values) {
  std::vector<std::vector<std::string>> rows = {{"activation", "feeds", "grid", "step", "largest", "clipped", "error"}};
  if (!values.empty() && values[0].output_error >= 0) rows[0].emplace_back("outputs");
  for (const compress::CalibratedValue& value : values) {
    rows.push_back({value.value, fmt::format("{}", fmt::join(value.products, ", ")),
                    value.bits == 0 ? "float" : fmt::format("{}{}", value.is_signed ? "int" : "uint", value.bits),
                    fmt::format("{:.5g}", value.scale), fmt::format("{:.4g}", value.largest),
                    Percent(value.clipped_share, 3), Percent(value.relative_error, 2)});
    if (value.output_error >= 0) rows.back().push_back(Percent(value.output_error, 2));
  }
  return TextTable(rows);
}

}  // namespace

std::string ToText(const CalibratedFile& file) {
  const compress::Calibration& calibration = file.calibration;
  std::string text;
  for (const std::string& warning : file.warnings) text += "warning: " + warning + "\n";
  if (!calibration.weights.empty()) text += WeightTable(calibration.weights) + "\n";
  if (calibration.values.empty()) {
    text += "weights rounded, activations float; ";
  } else {
    text += ActivationTable(calibration.values) + "\n";
  }
  if (calibration.samples > 0) text += fmt::format("{} training images of {}; ", calibration.samples, file.dataset);
  return text + fmt::format("{}: {} bytes\n", file.written.path, Grouped(file.written.file_bytes));
}

std::string ToJson(const CalibratedFile& file) {
  nlohmann::ordered_json weights = nlohmann::ordered_json::array();
  for (const compress::RoundedWeight& weight : file.calibration.weights) {
    nlohmann::ordered_json entry = {{"weight", weight.weight},
                                    {"layer", weight.layer},
                                    {"bits", weight.bits},
                                    {"weight_error", weight.weight_error}};
    if (weight.output_error >= 0) {
      entry["output_error"] = weight.output_error;
      entry["nearest_error"] = weight.nearest_error;
    }
    weights.push_back(entry);
  }
  nlohmann::ordered_json values = nlohmann::ordered_json::array();
  for (const compress::CalibratedValue& value : file.calibration.values) {
    values.push_back({{"value", value.value},
                      {"products", value.products},
                      {"bits", value.bits},
                      {"signed", value.is_signed},
                      {"scale", value.scale},
                      {"largest", value.largest},
                      {"clipped_share", value.clipped_share},
                      {"relative_error", value.relative_error}});
    if (value.output_error >= 0) values.back()["output_error"] = value.output_error;
  }
  const nlohmann::ordered_json json = {
      {"path", file.written.path},
      {"dataset", file.dataset},
      {"samples", file.calibration.samples},
      {"warnings", file.warnings},
      {"weights", weights},
      {"activations", values},
      {"file_bytes", file.written.file_bytes},
  };
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace lowbit::app
