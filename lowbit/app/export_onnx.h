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
};

// Writes the network of a packed file, or of a run's folder (its last checkpoint), as the ONNX file `out`; with
// `fold_batch_norm`, after FoldBatchNorm.
// Errors: as lbm::Read or TrainingModule::Freeze, and onnx::Encode. Nothing is written then.
Result<ExportedFile> ExportOnnx(const std::string& model, onnx::Flavor flavor, bool fold_batch_norm,
                                const std::string& out);

std::string ToText(const ExportedFile& file);
std::string ToJson(const ExportedFile& file);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_EXPORT_ONNX_H_
