#ifndef LOWBIT_DATA_TEST_PNG_H_
#define LOWBIT_DATA_TEST_PNG_H_

// For tests only: PNG files, made in memory.

#include <png.h>

#include "lowbit/data/test_files.h"

namespace lowbit::data {

// Pixels are interleaved, as the library wants them; `format` is a PNG_FORMAT_*. Empty if it could not be made.
inline Bytes Png(uint32_t format, uint32_t height, uint32_t width, const void* pixels, bool palette = false) {
  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  image.format = format;
  image.height = height;
  image.width = width;
  const uint8_t colours[6] = {10, 20, 30, 200, 100, 50};
  if (palette) image.colormap_entries = 2;
  png_alloc_size_t size = 0;
  png_image_write_to_memory(&image, nullptr, &size, 0, pixels, 0, palette ? colours : nullptr);
  Bytes file(size);
  const int made = png_image_write_to_memory(&image, file.data(), &size, 0, pixels, 0, palette ? colours : nullptr);
  file.resize(made != 0 ? size : 0);
  return file;
}

}  // namespace lowbit::data

#endif  // LOWBIT_DATA_TEST_PNG_H_
