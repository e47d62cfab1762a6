#ifndef LOWBIT_RUNTIME_BYTE_OUTPUT_H_
#define LOWBIT_RUNTIME_BYTE_OUTPUT_H_

// What becomes of the sums of a product of bytes.

#include <cstdint>
#include <optional>

#include "lowbit/runtime/bytes.h"
#include "lowbit/runtime/epilogue.h"

namespace lowbit::runtime {

// What is added to the result before it is clipped: floats, or bytes times a unit. Same shape as the output.
struct ByteResidual {
  const float* floats = nullptr;
  const uint8_t* bytes = nullptr;  // (byte - offset) * unit, rounded.
  int32_t offset = 0;
  float unit = 1;
};

// The same for all tasks of a layer.
struct ByteFinish {
  Epilogue epilogue;
  std::optional<ByteQuantizer> quantizer;  // None: floats.
};

// Where a task's results go: NHWC, the whole batch.
struct ByteOutput {
  ByteResidual residual;
  float* floats = nullptr;   // Or
  uint8_t* bytes = nullptr;  // where there is a quantizer.
};

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_BYTE_OUTPUT_H_
