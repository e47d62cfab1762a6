#include "lowbit/app/export_onnx.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

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

Result<ExportedFile> ExportOnnx(const std::string& model, onnx::Flavor flavor, bool fold_batch_norm,
                                const std::string& out) {
  LOWBIT_TRY(Graph graph, ReadModel(model));
  if (fold_batch_norm) graph = FoldBatchNorm(graph);
  const Result<std::string> bytes = onnx::Encode(graph, flavor);
  if (!bytes.ok()) return Error{bytes.error().kind, model + ": " + bytes.error().message};
  LOWBIT_RETURN_IF_ERROR(WriteFileAtomic(out, bytes.value()));
  return ExportedFile{out, onnx::FlavorNames()[static_cast<size_t>(flavor)],
                      static_cast<int64_t>(bytes.value().size())};
}

std::string ToText(const ExportedFile& file) {
  return fmt::format("{}: ONNX, flavor {}, {} bytes\n", file.path, file.flavor, Grouped(file.file_bytes));
}

std::string ToJson(const ExportedFile& file) {
  const nlohmann::ordered_json json = {{"path", file.path}, {"flavor", file.flavor}, {"file_bytes", file.file_bytes}};
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace lowbit::app
