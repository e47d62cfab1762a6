#ifndef LOWBIT_ACCELERATOR_DESCRIPTOR_H_
#define LOWBIT_ACCELERATOR_DESCRIPTOR_H_

#include <array>
#include <cstdint>

#include "lowbit/accelerator/program.h"

namespace lowbit::accelerator {

inline constexpr int kDescriptorFields = 26;
// What the hardware is told of a layer: the fields of hardware/README.md, with the products of extents that it would have to multiply
// worked out. REQUIRES: Check(program).
std::array<uint32_t, kDescriptorFields> Descriptor(const Array& array, const Layer& layer);

}  // namespace lowbit::accelerator

#endif  // LOWBIT_ACCELERATOR_DESCRIPTOR_H_
