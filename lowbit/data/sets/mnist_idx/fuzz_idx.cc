// An input is two big-endian bytes n, an image file of n bytes (or all that is left), and a label file.

#include <algorithm>

#include "lowbit/data/sets/mnist_idx/idx.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using lowbit::data::ParseIdx;
  if (size < 2) return 0;
  const size_t images_size = std::min<size_t>(256u * data[0] + data[1], size - 2);
  const auto images = ParseIdx({data + 2, images_size}, "images");
  const auto labels = ParseIdx({data + 2 + images_size, size - 2 - images_size}, "labels");
  if (!images.ok() || !labels.ok()) return 0;
  const auto set = lowbit::data::ImagesFromIdx(images.value(), "images", labels.value(), "labels");
  if (!set.ok()) return 0;
  const auto& read = set.value();
  LOWBIT_CHECK(static_cast<int64_t>(read.pixels.size()) == read.count() * lowbit::Elements(read.image));
  return 0;
}
