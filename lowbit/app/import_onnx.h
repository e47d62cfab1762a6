#ifndef LOWBIT_APP_IMPORT_ONNX_H_
#define LOWBIT_APP_IMPORT_ONNX_H_

#include <string>
#include <vector>

#include "lowbit/app/inspect.h"
#include "lowbit/app/picture_input.h"
#include "lowbit/base/result.h"

namespace lowbit::app {

// Whether the path names an ONNX file: by its end, or, where that is another, by the file's first byte.
bool IsOnnxFile(const std::string& path);

// How an ONNX file becomes a packed one. Lists are written with commas.
struct OnnxImport {
  // "input=1,3,224,224" instead of the file's own; a first extent "any" is a batch of any size.
  std::vector<std::string> shapes;
  std::vector<std::string> values;  // "rate=16000": inputs that are known beforehand.
  bool fold_batch_norm = false;     // After FoldBatchNorm.
  PictureInput pictures;
};

// Writes the network of an ONNX file as the packed file `out`, and says what it holds.
// Errors: as onnx::Read; a shape or value that is none, or given twice; as TakePictures. Nothing is written then.
Result<Inspection> ImportOnnx(const std::string& path, const OnnxImport& options, const std::string& out);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_IMPORT_ONNX_H_
