#ifndef LOWBIT_RUNTIME_KERNELS_CONV_CODEBOOK_PLACE_H_
#define LOWBIT_RUNTIME_KERNELS_CONV_CODEBOOK_PLACE_H_

#include <cstdint>

namespace lowbit::runtime::kernels::conv_codebook {

// Where a weight of each channel of a panel is, and where it goes.
struct Place {
  int32_t code;  // Its number in a row of codes,
  int32_t word;  // and the word of the vector.
  int32_t term;  // Its row among the decoded weights.
};

}  // namespace lowbit::runtime::kernels::conv_codebook

#endif  // LOWBIT_RUNTIME_KERNELS_CONV_CODEBOOK_PLACE_H_
