#include "lowbit/data/crop.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace lowbit::data {
namespace {

int64_t Below(uint32_t bits, int64_t bound) {
  return static_cast<int64_t>((static_cast<uint64_t>(bits) * static_cast<uint64_t>(bound)) >> 32);
}

Window Centred(int64_t height, int64_t width, int64_t window_height, int64_t window_width) {
  return {(height - window_height) / 2, (width - window_width) / 2, window_height, window_width};
}

}  // namespace

Image8 CutOut(const Image8& image, const Window& window) {
  const int64_t channels = image.shape[0], height = image.shape[1], width = image.shape[2];
  Image8 part = {{channels, window.height, window.width}, {}};
  part.pixels.reserve(static_cast<size_t>(Elements(part.shape)));
  for (int64_t row = 0; row < channels * window.height; ++row) {
    const int64_t c = row / window.height, y = window.top + row % window.height;
    const auto begin = image.pixels.begin() + (c * height + y) * width + window.left;
    part.pixels.insert(part.pixels.end(), begin, begin + window.width);
  }
  return part;
}

Window Crop::Choose(int64_t height, int64_t width, const PictureView& view) const {
  const double share = static_cast<double>(view.size) / static_cast<double>(view.resize);
  const int64_t side = std::max<int64_t>(1, std::llround(share * static_cast<double>(std::min(height, width))));
  Window window = Centred(height, width, side, side);
  if (options_.kind == CropOptions::Kind::kCentre) return window;
  const std::array<uint32_t, 4> bits = random_.Block(index_);
  window.top = Below(bits[0], height - side + 1);
  window.left = Below(bits[1], width - side + 1);
  return window;
}

}  // namespace lowbit::data
