#ifndef LOWBIT_RUNTIME_KERNELS_CONV_U8_STAGE_H_
#define LOWBIT_RUNTIME_KERNELS_CONV_U8_STAGE_H_

#include <cstdint>

#include "lowbit/runtime/kernels/conv_u8/kernel.h"

namespace lowbit::runtime {

// The input rows that output rows [oy, oy + rows) of the image need, for one group of channels, to where each pixel has
// conv.channels bytes and padding has bytes of its own: StagedRows(rows) rows of staged_width pixels.
//   image  the first channel of the group in the image's first pixel
void Stage(const ByteConv& conv, const uint8_t* image, int64_t oy, int64_t rows, uint8_t* to);

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_KERNELS_CONV_U8_STAGE_H_
