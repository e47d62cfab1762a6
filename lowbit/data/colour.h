#ifndef LOWBIT_DATA_COLOUR_H_
#define LOWBIT_DATA_COLOUR_H_

// Random changes of brightness, contrast and saturation. What happens to an image is a pure function of (options, seed,
// epoch, index of the image in its set).

#include <cstdint>

#include "lowbit/base/span.h"
#include "lowbit/core/shape.h"

namespace lowbit::data {

// Each factor is uniform in [max(0, 1 - x), 1 + x] for its x (torchvision's ColorJitter). x >= 0; 0: no change.
struct ColourOptions {
  double brightness = 0, contrast = 0, saturation = 0;

  bool changes() const { return brightness > 0 || contrast > 0 || saturation > 0; }
};

// The factors of one image.
struct ColourDraw {
  float brightness = 1, contrast = 1, saturation = 1;
};

// index < 2^63
ColourDraw DrawColour(const ColourOptions& options, uint64_t seed, uint64_t epoch, uint64_t index);

// Changes `pixels`, an image [1 or 3, height, width] of 0..255, in this order, where clamp is to 0..255:
//   brightness b   p' = clamp(b p)
//   contrast c     p' = clamp(c p + (1 - c) m), m the mean of all greys
//   saturation s   p' = clamp(s p + (1 - s) g), g the grey of the pixel
// grey = 0.299 R + 0.587 G + 0.114 B, or the only channel, which saturation leaves alone. In float, rounded once at the
// end. torchvision makes the changes in a random order; this one is fixed. Other numbers of channels stay as they are.
// REQUIRES: pixels.size() == Elements(image). Cost: 3 ns for each pixel.
void ChangeColour(const ColourDraw& draw, const Shape& image, Span<uint8_t> pixels);

}  // namespace lowbit::data

#endif  // LOWBIT_DATA_COLOUR_H_
