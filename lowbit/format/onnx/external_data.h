#ifndef LOWBIT_FORMAT_ONNX_EXTERNAL_DATA_H_
#define LOWBIT_FORMAT_ONNX_EXTERNAL_DATA_H_

#include <string>
#include <utility>

#include "lowbit/base/file.h"
#include "lowbit/base/span.h"

namespace lowbit_onnx {
class Tensor;
}

namespace lowbit::onnx {

// A tensor's bytes in a file beside the model, mapped.
class ExternalData {
 public:
  // Errors: no folder; a location that is empty, absolute or leaves the folder, also by a link; an offset or length
  // that is no number or beyond the file.
  static Result<ExternalData> Open(const lowbit_onnx::Tensor& tensor, const std::string& folder);
  Span<const uint8_t> bytes() const { return Span<const uint8_t>(file_.data() + offset_, length_); }

 private:
  ExternalData(MappedFile file, uint64_t offset, uint64_t length)
      : file_(std::move(file)), offset_(offset), length_(length) {}
  MappedFile file_;
  uint64_t offset_, length_;
};

}  // namespace lowbit::onnx

#endif  // LOWBIT_FORMAT_ONNX_EXTERNAL_DATA_H_
