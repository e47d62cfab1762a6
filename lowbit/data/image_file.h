#ifndef LOWBIT_DATA_IMAGE_FILE_H_
#define LOWBIT_DATA_IMAGE_FILE_H_

// Picture files (PNG, JPEG, PGM, PPM) to 8-bit images, and images to the size that a network wants.

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/base/span.h"
#include "lowbit/core/shape.h"

namespace lowbit::data {

struct Image8 {
  Shape shape;                  // [channels, height, width]; 1 channel: grey, 3: red, green, blue.
  std::vector<uint8_t> pixels;  // One plane after the other, each row-major; 0 black, 255 full.
};

// The largest picture that is read, in height * width.
inline constexpr int64_t kMaxImagePixels = int64_t{1} << 26;

// Reads a picture. The format is recognised by the first bytes, not by the name:
//   PNG   every kind; 16 bits become 8, transparent parts are laid on white;
//   JPEG  grey and colour, baseline and progressive; CMYK is an error;
//   PNM   P2, P3 (text), P5, P6 (binary), one image; values are scaled from 0..maxval to 0..255.
// Errors: no such file, another format, a damaged, truncated or oversized file, more than kMaxImagePixels.
Result<Image8> ReadImage(const std::string& path);

// The same from memory; `name` stands in front of messages.
Result<Image8> DecodeImage(Span<const uint8_t> file, const std::string& name);

// The image with `channels` (1 or 3), `height` and `width`; the aspect ratio is not kept.
// Grey to colour repeats the plane; colour to grey is BT.601 luma, (299 R + 587 G + 114 B) / 1000, rounded half up.
// Each axis on its own: shrinking averages the input that an output pixel covers (partly covered pixels count in part);
// enlarging interpolates linearly between pixel centres, ((i + 1/2) in / out - 1/2), and repeats the border. In float,
// rounded once at the end. Errors: another number of channels; height or width not in 1..65536.
Result<Image8> FitTo(const Image8& image, int64_t channels, int64_t height, int64_t width);

}  // namespace lowbit::data

#endif  // LOWBIT_DATA_IMAGE_FILE_H_
