#ifndef LOWBIT_DATA_AUGMENT_H_
#define LOWBIT_DATA_AUGMENT_H_

// Random changes of training images that keep their label. What happens to an image is a pure function of (options,
// seed, epoch, index of the image in its set): the same on every machine, thread count and after every resume.

#include <cstdint>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/base/span.h"
#include "lowbit/core/shape.h"

namespace lowbit::data {

// Applied in this order: mean, pad and crop, flip, cutout.
struct AugmentOptions {
  bool flip = false;  // Mirror left-right with probability 1/2.
  // Surround the image with `pad` pixels of `fill` on each side; without `crop` this changes nothing. [0, 4096]
  int64_t pad = 0;
  // Cut a window of the image's own size out of the padded image, at any of its (2 pad + 1)^2 places with the same
  // probability (He et al., "Deep residual learning", CVPR 2016, section 4.2).
  bool crop = false;
  // Side in pixels of a square set to `fill`; 0: none. Its centre is any pixel with the same probability, so that it
  // hangs over the border at times (DeVries & Taylor, arXiv:1708.04552). It covers rows
  // centre - cutout / 2 ... centre - cutout / 2 + cutout - 1, and such columns. [0, 4096]
  int64_t cutout = 0;
  // Subtracted first, when not empty: [channels], or [channels, height, width] (a mean image; it moves with the pixels,
  // as when Caffe crops image and mean at the same place).
  std::vector<float> mean;
  // The value of padding and cutout, after the mean is subtracted: [channels], or empty for 0.
  std::vector<float> fill;
};

// Errors: a number out of its range, `mean` or `fill` of another size. `image` is [channels, height, width].
Status CheckAugment(const AugmentOptions& options, const Shape& image);

// What was drawn for one image.
struct AugmentDraw {
  int64_t dy = 0, dx = 0;  // Output pixel (y, x) is input pixel (y + dy, x + dx) before the flip. [-pad, pad]
  bool flip = false;
  int64_t cut_y = 0, cut_x = 0;  // The centre of the cutout.
};

// index < 2^31.
AugmentDraw DrawAugment(const AugmentOptions& options, const Shape& image, uint64_t seed, uint64_t epoch,
                        uint64_t index);

// Writes the changed image, channels * height * width floats in 0..255 (less the mean), to `out`.
// REQUIRES: CheckAugment(options, image).ok(); pixels.size() == Elements(image)
void ApplyAugment(const AugmentOptions& options, const AugmentDraw& draw, const Shape& image,
                  Span<const uint8_t> pixels, float* out);

}  // namespace lowbit::data

#endif  // LOWBIT_DATA_AUGMENT_H_
