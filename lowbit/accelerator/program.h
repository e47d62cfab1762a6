#ifndef LOWBIT_ACCELERATOR_PROGRAM_H_
#define LOWBIT_ACCELERATOR_PROGRAM_H_

#include <cstdint>
#include <vector>

#include "lowbit/accelerator/coding.h"
#include "lowbit/base/result.h"

namespace lowbit::accelerator {

// What is fixed when the accelerator is built.
struct Array {
  // Input channels that a step multiplies, and output channels that it does so for: lanes^2 multiplications a step. 1..64
  int lanes = 8;
  Coding weight;
  Coding activation;
  int sum_bits = 24;  // Of an accumulator, two's complement. 8..32

  // Products and sums are in units of 2^-(k of weights + k of activations).
  int64_t LargestSum() const { return (int64_t{1} << (sum_bits - 1)) - 2; }
  // Thresholds that no sum and every sum reaches.
  int32_t Never() const { return static_cast<int32_t>((int64_t{1} << (sum_bits - 1)) - 1); }
  int32_t Always() const { return static_cast<int32_t>(-(int64_t{1} << (sum_bits - 1))); }
};

// One pass over the output's pixels for each group of `lanes` output channels: for each group g, row y and column x, in this order,
//
//   product   for all kernel places (i, j) with input pixel (y * stride_y - pad_top + i, x * stride_x - pad_left + j) and all input
//             groups h, in this order, one step: sum[m] += sum over lanes l of w[m][l] * a[l], 0 outside the image
//   max pool  for all kernel places one step: the largest a[l] so far, of input group g; places outside the image do not count
//
// A product's sum becomes the code with rank r, the largest for which sum[m] >= threshold[row m][base + r]; rank 0 needs none. With a skip
// the thresholds are those of the skip tensor's number at this place: see `Skip`. A raw layer gives its sums away instead.
// Extents count pixels and groups of channels; channels that fill up the last group have weights of 0.
struct Layer {
  enum class Kind : uint8_t { kProduct, kMaxPool };
  // A second tensor that decides, with the sum, on the code: the other side of a residual block. Its pixel for output (y, x) is at word
  // base + y * row + x * column + (g - first_group), for g in first_group .. first_group + groups - 1; other groups have the code 0.
  struct Skip {
    bool used = false;
    int32_t base = 0, row = 0, column = 0;
    int32_t first_group = 0, groups = 0;
  };

  Kind kind = Kind::kProduct;
  bool raw = false;
  int32_t in_height = 1, in_width = 1, in_groups = 1;
  int32_t out_height = 1, out_width = 1, out_groups = 1;
  int32_t kernel_height = 1, kernel_width = 1;
  int32_t stride_y = 1, stride_x = 1;
  int32_t pad_top = 0, pad_left = 0;
  // Words. Tensors are [height][width][groups] of words; the weights of a layer [out group][kernel_height][kernel_width][in group]; its
  // thresholds [out group][rank], with a skip [out group][rank of the skip's code][rank], of 2^bits ranks each. The word of a rank that
  // is no code's, and of rank 0, is not looked at. A row's thresholds never fall from a rank to the next.
  int32_t in_base = 0, out_base = 0, weight_base = 0, threshold_base = 0;
  Skip skip;

  int64_t Pixels() const { return int64_t{out_height} * out_width; }
  // Of one group of output channels at one pixel.
  int64_t Steps() const;
};

// Layers and what the memories hold. A word is a vector of numbers, one for each lane.
struct Program {
  Array array;
  std::vector<Layer> layers;
  std::vector<uint8_t> weights;     // Codes [word][row][lane]: `lanes` words of codes at a time.
  std::vector<int32_t> thresholds;  // [word][row]
  int64_t activation_words = 0;     // That the activation memory needs.

  int64_t WeightWords() const;
  int64_t ThresholdWords() const;
};

// Errors: a field out of range; a layer that reads or writes outside of a memory, or writes over what it still reads; thresholds that
// do not begin at a multiple of 2^bits or fall from a rank to the next.
Status Check(const Program& program);

}  // namespace lowbit::accelerator

#endif  // LOWBIT_ACCELERATOR_PROGRAM_H_
