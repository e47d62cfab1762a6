#ifndef LOWBIT_ACCELERATOR_EXECUTE_H_
#define LOWBIT_ACCELERATOR_EXECUTE_H_

#include <cstdint>
#include <vector>

#include "lowbit/accelerator/program.h"

namespace lowbit::accelerator {

// Cycles of a group of output channels at a pixel: its steps, but no fewer than finding the codes of the one before takes.
int64_t CyclesAtPixel(const Array& array, const Layer& layer);
// Cycles of a layer, from one layer's beginning to the next one's: filling and draining the pipeline counted.
int64_t CyclesOf(const Array& array, const Layer& layer);
int64_t CyclesOf(const Program& program);

// Runs the layers in plain loops: the specification of hardware/rtl. `activations` is the memory, codes [word][lane] of at least
// activation_words words, with the input in it; it is changed as the layers write. Returns the sums of the raw layers in the order in
// which they come, [layer][group][y][x][row]. Error: as Check; a sum beyond LargestSum.
Result<std::vector<int32_t>> Execute(const Program& program, std::vector<uint8_t>* activations);

}  // namespace lowbit::accelerator

#endif  // LOWBIT_ACCELERATOR_EXECUTE_H_
