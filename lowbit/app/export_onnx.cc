#include "lowbit/app/export_onnx.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "lowbit/app/output_file.h"
#include "lowbit/app/text.h"
#include "lowbit/app/training_module.h"
#include "lowbit/base/file.h"
#include "lowbit/core/fold_batch_norm.h"
#include "lowbit/format/lbm/lbm.h"

namespace lowbit::app {
namespace {

Result<Graph> ReadModel(const std::string& model) {
  if (!FolderExists(model)) return lbm::Read(model);
  LOWBIT_TRY(TrainingModule * module, LoadTrainingModule());
  return module->Freeze(model);
}

}  // namespace

Result<ExportedFile> ExportOnnx(const std::string& model, const ExportSettings& settings, const std::string& out) {
  LOWBIT_RETURN_IF_ERROR(CheckOutput(out, {model}, ".onnx"));
  if (settings.external_data) LOWBIT_RETURN_IF_ERROR(CheckOutput(out + ".data", {model}, ".data"));
  LOWBIT_TRY(Graph graph, ReadModel(model));
  if (settings.fold_batch_norm) graph = FoldBatchNorm(graph);
  const Result<onnx::WrittenFiles> written =
      onnx::Write(graph, settings.flavor, out, {settings.external_data, onnx::kMaxFileBytes});
  if (!written.ok()) {
    const bool of_file = written.error().message.rfind(out, 0) == 0;  // It begins with the file that is not written.
    return Error{written.error().kind, (of_file ? "" : model + ": ") + written.error().message};
  }
  const onnx::WrittenFiles& files = written.value();
  return ExportedFile{out, onnx::FlavorNames()[static_cast<size_t>(settings.flavor)], files.model_bytes,
                      files.data_path, files.data_bytes};
}

std::string ToText(const ExportedFile& file) {
  std::string text = fmt::format("{}: ONNX, flavor {}, {} bytes\n", file.path, file.flavor, Grouped(file.file_bytes));
  if (!file.data_path.empty()) {
    text += fmt::format("{}: its weights, {} bytes\n", file.data_path, Grouped(file.data_bytes));
  }
  return text;
}

std::string ToJson(const ExportedFile& file) {
  nlohmann::ordered_json json = {{"path", file.path}, {"flavor", file.flavor}, {"file_bytes", file.file_bytes}};
  if (!file.data_path.empty()) json["data_path"] = file.data_path, json["data_bytes"] = file.data_bytes;
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace lowbit::app
