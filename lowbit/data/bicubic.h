#ifndef LOWBIT_DATA_BICUBIC_H_
#define LOWBIT_DATA_BICUBIC_H_

#include <cstdint>
#include <vector>

namespace lowbit::data {

// One channel of a picture, row-major.
struct Plane {
  int64_t height = 0, width = 0;
  std::vector<float> values;
};

// Cubic convolution (Keys 1981, a = -1/2), each axis on its own, as papers on super-resolution resize: where an axis shrinks
// by a factor s < 1 the kernel is stretched by 1 / s, so that it averages; beyond the border the picture is mirrored. Output
// i lies at input (i + 1/2) / s - 1/2; weights sum to 1. In double, rounded to float after each axis.
// REQUIRES: extents at least 1
Plane ResizeBicubic(const Plane& plane, int64_t height, int64_t width);

}  // namespace lowbit::data

#endif  // LOWBIT_DATA_BICUBIC_H_
