#include "lowbit/accelerator/place.h"

namespace lowbit::accelerator {

int64_t Groups(int64_t channels, int lanes) { return (channels + lanes - 1) / lanes; }

void Load(const Array& array, const Place& place, Span<const int64_t> integers, std::vector<uint8_t>* memory) {
  const int64_t groups = Groups(place.channels, array.lanes), plane = place.height * place.width;
  for (int64_t pixel = 0; pixel < plane; ++pixel) {
    for (int64_t c = 0; c < groups * array.lanes; ++c) {
      const int64_t integer = c < place.channels ? integers[static_cast<size_t>(c * plane + pixel)] : 0;
      (*memory)[static_cast<size_t>((place.base + pixel * groups) * array.lanes + c)] =
          array.activation.Encode(integer);
    }
  }
}

std::vector<int64_t> Unload(const Array& array, const Place& place, const std::vector<uint8_t>& memory) {
  const int64_t groups = Groups(place.channels, array.lanes), plane = place.height * place.width;
  std::vector<int64_t> integers(static_cast<size_t>(place.channels * plane));
  for (int64_t c = 0; c < place.channels; ++c) {
    for (int64_t pixel = 0; pixel < plane; ++pixel) {
      const uint8_t code = memory[static_cast<size_t>((place.base + pixel * groups) * array.lanes + c)];
      integers[static_cast<size_t>(c * plane + pixel)] = array.activation.Integer(code);
    }
  }
  return integers;
}

}  // namespace lowbit::accelerator
