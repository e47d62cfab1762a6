// An input is a byte that chooses the layout (even: CIFAR-10, odd: CIFAR-100) and a file.

#include "lowbit/data/sets/cifar/cifar.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using lowbit::data::CifarLabels;
  if (size < 1) return 0;
  const CifarLabels labels = data[0] % 2 == 0 ? CifarLabels{10} : CifarLabels{20, 100};
  lowbit::data::ImageSet set;
  if (!ParseCifar({data + 1, size - 1}, "file", labels, &set).ok()) {
    LOWBIT_CHECK(set.count() == 0);
    return 0;
  }
  LOWBIT_CHECK(static_cast<int64_t>(set.pixels.size()) == set.count() * lowbit::data::kCifarPixelBytes);
  for (const int32_t label : set.labels) LOWBIT_CHECK(label >= 0 && label < labels.back());
  return 0;
}
