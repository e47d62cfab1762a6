#ifndef HARDWARE_TESTS_RANDOM_PROGRAM_H_
#define HARDWARE_TESTS_RANDOM_PROGRAM_H_

#include <cstdint>
#include <random>
#include <vector>

#include "lowbit/accelerator/program.h"

namespace lowbit::hardware {

struct RandomProgram {
  accelerator::Program program;
  std::vector<uint8_t> activations;  // Of the whole memory: also what nothing is said to read.
  // What the layers are, of the last made one: that a test sees all of it.
  int pools = 0, raw = 0, skips = 0;
};

// Layers in a row, each reading what one before has written, with anything that accelerator::Check allows: up to 4 layers, small enough
// for the memories of the tested configurations.
RandomProgram MakeRandomProgram(const accelerator::Array& array, std::mt19937* random);

}  // namespace lowbit::hardware

#endif  // HARDWARE_TESTS_RANDOM_PROGRAM_H_
