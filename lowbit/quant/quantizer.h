#ifndef LOWBIT_QUANT_QUANTIZER_H_
#define LOWBIT_QUANT_QUANTIZER_H_

// The frame of the shelf lowbit/quant/methods: the plain definition (scalar, double) of every deterministic weight
// quantizer. It is the specification that the tensor version in lowbit/train/methods is tested against.

#include <memory>
#include <string>
#include <vector>

#include "lowbit/base/config.h"
#include "lowbit/base/result.h"
#include "lowbit/base/span.h"
#include "lowbit/core/qtensor.h"

namespace lowbit::quant {

class Quantizer {
 public:
  virtual ~Quantizer() = default;
  // The low-bit tensor nearest to `weights` in the method's own sense. Deterministic; rows are the first dimension.
  // REQUIRES: weights.size() == Elements(shape) > 0, all finite.
  virtual QTensor Quantize(Span<const float> weights, const Shape& shape) const = 0;
  // Whether what is quantized stays as it is when it is quantized again.
  virtual bool IsProjection() const { return true; }
};

// One row for each folder of lowbit/quant/methods, made by CMake: lowbit::quant::methods::<folder>::Create(options).
// `options` is the table of settings of that method in a recipe, [quantize.<folder>]; an unknown key is an error.
namespace methods {
struct ShelfEntry {
  const char* name;
  Result<std::unique_ptr<Quantizer>> (*function)(const Config& options);
};
const std::vector<ShelfEntry>& ShelfEntries();
}  // namespace methods

// The quantizer of that name. Errors: unknown name (lists the known ones), bad options.
Result<std::unique_ptr<Quantizer>> CreateQuantizer(const std::string& name, const Config& options);
std::vector<std::string> QuantizerNames();

}  // namespace lowbit::quant

#endif  // LOWBIT_QUANT_QUANTIZER_H_
