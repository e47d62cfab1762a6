#ifndef LOWBIT_APP_EXPORT_ONNX_H_
#define LOWBIT_APP_EXPORT_ONNX_H_

#include <cstdint>
#include <string>

#include "lowbit/base/result.h"
#include "lowbit/format/onnx/write.h"

namespace lowbit::app {

struct ExportedFile {
  std::string path, flavor;
  int64_t file_bytes = 0;
  std::string data_path;  // Of weights beside the file; empty where there are none.
  int64_t data_bytes = 0;
};

struct ExportSettings {
  onnx::Flavor flavor = onnx::Flavor::kFloat;
  bool fold_batch_norm = false;  // FoldBatchNorm, before.
  bool external_data = false;    // Weights go into a file beside the model, which they do anyway beyond 2 GiB.
};

// Writes the network of a packed file, or of a run's folder (its last checkpoint), as the ONNX file `out`.
// Errors: as lbm::Read or TrainingModule::Freeze, and onnx::Write. Nothing is written then.
Result<ExportedFile> ExportOnnx(const std::string& model, const ExportSettings& settings, const std::string& out);

std::string ToText(const ExportedFile& file);
std::string ToJson(const ExportedFile& file);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_EXPORT_ONNX_H_
