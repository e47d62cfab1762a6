#ifndef LOWBIT_RUNTIME_BYTE_TASK_H_
#define LOWBIT_RUNTIME_BYTE_TASK_H_

#include <cstdint>

#include "lowbit/runtime/byte_output.h"

namespace lowbit::runtime {

// A part of a product of bytes, for one thread: some panels of output channels of some output rows, or of some pixels
// where rows mean nothing to the layer. Both count through all images; rows of one task belong to one image.
struct ByteTask {
  const uint8_t* input = nullptr;  // The whole batch.
  ByteOutput output;
  int64_t first = 0, count = 0;         // Rows or pixels.
  int64_t first_panel = 0, panels = 0;  // Of each group of channels.
  float* scratch = nullptr;             // 64-byte aligned.
};

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_BYTE_TASK_H_
