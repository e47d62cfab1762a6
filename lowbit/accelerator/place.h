#ifndef LOWBIT_ACCELERATOR_PLACE_H_
#define LOWBIT_ACCELERATOR_PLACE_H_

// Tensors in the activation memory.

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/accelerator/program.h"
#include "lowbit/base/span.h"

namespace lowbit::accelerator {

// Words that so many channels take.
int64_t Groups(int64_t channels, int lanes);

// A tensor of the stretch in the activation memory, words [height][width][channels / lanes]; channels that fill up the last word are 0.
struct Place {
  std::string value;
  int64_t channels = 1, height = 1, width = 1;
  int64_t base = 0;
  std::vector<int64_t> levels;  // The integers that it may have.
};

// Integers [channels, height, width] of a tensor into the memory, and back. REQUIRES: each of them is one that the coding has.
void Load(const Array& array, const Place& place, Span<const int64_t> integers, std::vector<uint8_t>* memory);
std::vector<int64_t> Unload(const Array& array, const Place& place, const std::vector<uint8_t>& memory);

}  // namespace lowbit::accelerator

#endif  // LOWBIT_ACCELERATOR_PLACE_H_
