#include "lowbit/data/crop.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace lowbit::data {
namespace {

constexpr uint64_t kAttempts = 10;

double Between(double low, double high, uint32_t bits) { return low + (high - low) * CounterRandom::ToUniform(bits); }

int64_t Below(uint32_t bits, int64_t bound) {
  return static_cast<int64_t>((static_cast<uint64_t>(bits) * static_cast<uint64_t>(bound)) >> 32);
}

Window Centred(int64_t height, int64_t width, int64_t window_height, int64_t window_width) {
  return {(height - window_height) / 2, (width - window_width) / 2, window_height, window_width};
}

}  // namespace

Window Crop::Resized(int64_t height, int64_t width) const {
  const double area = static_cast<double>(height) * static_cast<double>(width);
  for (uint64_t attempt = 0; attempt < kAttempts; ++attempt) {
    const std::array<uint32_t, 4> bits = random_.Block(index_ * kAttempts + attempt);
    const double wanted = area * Between(options_.min_area, options_.max_area, bits[0]);
    const double ratio = std::exp(Between(std::log(options_.min_ratio), std::log(options_.max_ratio), bits[1]));
    const int64_t w = std::llround(std::sqrt(wanted * ratio)), h = std::llround(std::sqrt(wanted / ratio));
    if (w < 1 || h < 1 || w > width || h > height) continue;
    return {Below(bits[2], height - h + 1), Below(bits[3], width - w + 1), h, w};
  }
  const double ratio =
      std::clamp(static_cast<double>(width) / static_cast<double>(height), options_.min_ratio, options_.max_ratio);
  const int64_t w = std::clamp<int64_t>(std::llround(static_cast<double>(height) * ratio), 1, width);
  const int64_t h = std::clamp<int64_t>(std::llround(static_cast<double>(width) / ratio), 1, height);
  return Centred(height, width, h, w);
}

Window Crop::Choose(int64_t height, int64_t width, const PictureView& view) const {
  if (options_.kind == CropOptions::Kind::kResized) return Resized(height, width);
  const double share = static_cast<double>(view.size) / static_cast<double>(view.resize);
  const double ratio = static_cast<double>(view.Width()) / static_cast<double>(view.size);
  const double largest = std::min(static_cast<double>(height), static_cast<double>(width) / ratio);
  const int64_t h = std::clamp<int64_t>(std::llround(share * largest), 1, height);
  const int64_t w = std::clamp<int64_t>(std::llround(share * largest * ratio), 1, width);
  Window window = Centred(height, width, h, w);
  if (options_.kind == CropOptions::Kind::kCentre) return window;
  const std::array<uint32_t, 4> bits = random_.Block(index_);
  window.top = Below(bits[0], height - h + 1);
  window.left = Below(bits[1], width - w + 1);
  return window;
}

}  // namespace lowbit::data
