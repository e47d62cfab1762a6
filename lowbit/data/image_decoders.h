#ifndef LOWBIT_DATA_IMAGE_DECODERS_H_
#define LOWBIT_DATA_IMAGE_DECODERS_H_

// What picture.cc puts together: one decoder for each format. Not for other libraries.

#include <string>

#include "lowbit/data/image_file.h"
#include "lowbit/data/picture.h"

namespace lowbit::data {

Result<Picture> DecodePng(Span<const uint8_t> file, const std::string& name);
Result<Picture> DecodeJpeg(Span<const uint8_t> file, const std::string& name, const ChooseWindow& choose);
Result<Picture> DecodePnm(Span<const uint8_t> file, const std::string& name);

// Errors: an extent below 1, more than kMaxImagePixels.
Status CheckImageSize(const std::string& name, int64_t height, int64_t width);

}  // namespace lowbit::data

#endif  // LOWBIT_DATA_IMAGE_DECODERS_H_
