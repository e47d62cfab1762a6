#ifndef LOWBIT_ACCELERATOR_MEMORY_IMAGES_H_
#define LOWBIT_ACCELERATOR_MEMORY_IMAGES_H_

#include <string>

#include "lowbit/accelerator/program.h"

namespace lowbit::accelerator {

// What the host writes into the hardware before it starts, as text: a word of hexadecimal digits a line, as Verilog's $readmemh takes it.
struct MemoryImages {
  std::string parameters;   // Of lowbit_accelerator, one ".NAME(value)" a line, to be included between #( and ).
  std::string descriptors;  // kDescriptorFields lines for each layer.
  std::string weights;      // A line for each word, the first row's first lane in the lowest bits.
  std::string thresholds;   // A line for each word, the first row in the lowest bits.
};

// REQUIRES: Check(program).
MemoryImages ImagesOf(const Program& program);

}  // namespace lowbit::accelerator

#endif  // LOWBIT_ACCELERATOR_MEMORY_IMAGES_H_
