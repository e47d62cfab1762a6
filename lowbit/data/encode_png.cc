#include "lowbit/data/encode_png.h"

#include <png.h>

#include <string>

#include "lowbit/base/check.h"

namespace lowbit::data {

Result<std::vector<uint8_t>> EncodePng(const std::vector<uint8_t>& pixels, int64_t height, int64_t width) {
  LOWBIT_CHECK(static_cast<int64_t>(pixels.size()) == height * width && height >= 1 && width >= 1);
  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  image.format = PNG_FORMAT_GRAY;
  image.height = static_cast<uint32_t>(height);
  image.width = static_cast<uint32_t>(width);
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::vector<uint8_t> file(size);
  if (png_image_write_to_memory(&image, file.data(), &size, 0, pixels.data(), 0, nullptr) == 0) {
    return Invalid(std::string("cannot be written as PNG: ") + image.message);
  }
  file.resize(size);
  return file;
}

}  // namespace lowbit::data
