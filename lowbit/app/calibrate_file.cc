#include "lowbit/app/calibrate_file.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "lowbit/app/file_data.h"
#include "lowbit/app/text.h"
#include "lowbit/compress/integer_weights.h"
#include "lowbit/format/lbm/lbm.h"

namespace lowbit::app {

namespace {

Result<CalibratedFile> RoundFile(const CalibrateFileRequest& request) {
  LOWBIT_TRY(const Graph graph, lbm::Read(request.file));
  Result<Graph> rounded = compress::RoundWeightsAlone(graph, request.options.weight_bits);
  if (!rounded.ok()) return Error{rounded.error().kind, request.file + ": " + rounded.error().message};
  CalibratedFile result;
  result.calibration.graph = std::move(rounded).value();
  LOWBIT_RETURN_IF_ERROR(lbm::Write(result.calibration.graph, request.out));
  LOWBIT_TRY(result.written, Inspect(request.out));
  return result;
}

}  // namespace

Result<CalibratedFile> CalibrateFile(const CalibrateFileRequest& request) {
  if (request.options.bits == 0) return RoundFile(request);
  LOWBIT_TRY(const Classifier classifier, Classifier::LoadAny(request.file, request.options.threads));
  LOWBIT_TRY(const Graph graph, lbm::Read(request.file));
  LOWBIT_TRY(const data::Dataset dataset, LoadFileImages(classifier, request.file, request.data));

  CalibratedFile result;
  Result<compress::Calibration> calibration = compress::Calibrate(graph, dataset.train, request.options);
  if (!calibration.ok()) return Error{calibration.error().kind, request.file + ": " + calibration.error().message};
  result.calibration = std::move(calibration).value();
  result.dataset = dataset.name;
  result.warnings = dataset.warnings;
  if (!dataset.train.Damage().empty()) result.warnings.push_back(dataset.train.Damage());
  result.warnings.insert(result.warnings.end(), result.calibration.warnings.begin(), result.calibration.warnings.end());
  LOWBIT_RETURN_IF_ERROR(lbm::Write(result.calibration.graph, request.out));
  LOWBIT_TRY(result.written, Inspect(request.out));
  return result;
}

std::string ToText(const CalibratedFile& file) {
  std::string text;
  for (const std::string& warning : file.warnings) text += "warning: " + warning + "\n";
  std::vector<std::vector<std::string>> rows = {{"activation", "feeds", "grid", "step", "largest", "clipped", "error"}};
  for (const compress::CalibratedValue& value : file.calibration.values) {
    rows.push_back({value.value, fmt::format("{}", fmt::join(value.products, ", ")),
                    fmt::format("{}{}", value.is_signed ? "int" : "uint", value.bits),
                    fmt::format("{:.5g}", value.scale), fmt::format("{:.4g}", value.largest),
                    fmt::format("{:.3f} %", 100 * value.clipped_share),
                    fmt::format("{:.2f} %", 100 * value.relative_error)});
  }
  if (file.calibration.values.empty()) {
    return text + fmt::format("weights rounded, activations float; {}: {} bytes\n", file.written.path,
                              Grouped(file.written.file_bytes));
  }
  text += TextTable(rows);
  text += fmt::format("\n{} training images of {}; {}: {} bytes\n", file.calibration.samples, file.dataset,
                      file.written.path, Grouped(file.written.file_bytes));
  return text;
}

std::string ToJson(const CalibratedFile& file) {
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
  }
  const nlohmann::ordered_json json = {
      {"path", file.written.path}, {"dataset", file.dataset}, {"samples", file.calibration.samples},
      {"warnings", file.warnings}, {"activations", values},   {"file_bytes", file.written.file_bytes},
  };
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace lowbit::app
