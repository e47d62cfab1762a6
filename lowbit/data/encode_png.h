#ifndef LOWBIT_DATA_ENCODE_PNG_H_
#define LOWBIT_DATA_ENCODE_PNG_H_

#include <cstdint>
#include <vector>

#include "lowbit/base/result.h"

namespace lowbit::data {

// A grey picture of 8 bits as a PNG file; pixels: [height, width]. Errors: what libpng says, a side above 2^31 for example.
// REQUIRES: pixels.size() == height * width; height, width >= 1
Result<std::vector<uint8_t>> EncodePng(const std::vector<uint8_t>& pixels, int64_t height, int64_t width);

}  // namespace lowbit::data

#endif  // LOWBIT_DATA_ENCODE_PNG_H_
