#ifndef LOWBIT_DATA_IMAGE_DECODERS_H_
#define LOWBIT_DATA_IMAGE_DECODERS_H_

// What image_file.cc puts together: one decoder for each format. Not for other libraries.

#include <string>

#include "lowbit/data/image_file.h"

namespace lowbit::data {

Result<Image8> DecodePng(Span<const uint8_t> file, const std::string& name);
Result<Image8> DecodeJpeg(Span<const uint8_t> file, const std::string& name);
Result<Image8> DecodePnm(Span<const uint8_t> file, const std::string& name);

// Errors: an extent below 1, more than kMaxImagePixels.
Status CheckImageSize(const std::string& name, int64_t height, int64_t width);

// An image from pixels whose channels are interleaved: [height, width, channels].
Image8 FromInterleaved(const std::vector<uint8_t>& pixels, int64_t channels, int64_t height, int64_t width);

}  // namespace lowbit::data

#endif  // LOWBIT_DATA_IMAGE_DECODERS_H_
