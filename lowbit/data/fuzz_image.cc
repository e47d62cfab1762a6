// An input is a picture file; the picture is then fitted to a small network's input.

#include "lowbit/data/image_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto image = lowbit::data::DecodeImage({data, size}, "file");
  if (!image.ok()) return 0;
  const auto& read = image.value();
  LOWBIT_CHECK(static_cast<int64_t>(read.pixels.size()) == lowbit::Elements(read.shape));
  LOWBIT_CHECK(lowbit::data::FitTo(read, 1, 9, 7).ok());
  return 0;
}
