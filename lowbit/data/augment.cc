#include "lowbit/data/augment.h"

#include <algorithm>
#include <string>

#include "lowbit/base/random.h"

namespace lowbit::data {
namespace {

constexpr int64_t kMaxPixels = 4096;

int64_t Below(uint32_t bits, int64_t bound) {
  return static_cast<int64_t>((static_cast<uint64_t>(bits) * static_cast<uint64_t>(bound)) >> 32);
}

Status CheckRange(const char* name, int64_t value) {
  if (value >= 0 && value <= kMaxPixels) return Ok();
  return Invalid(std::string(name) + " is " + std::to_string(value) + "; 0.." + std::to_string(kMaxPixels) +
                 " was expected");
}

Error WrongSize(const char* name, size_t size, const Shape& image) {
  return Invalid(std::string(name) + " has " + std::to_string(size) + " values, which does not fit images of " +
                 ToString(image));
}

// One plane, [height, width]; `mean` points to the plane's mean image or, if `mean_step` is 0, to its only value.
struct Plane {
  int64_t height, width;
  const uint8_t* pixels;
  const float* mean;
  int64_t mean_step;
  float fill;
};

// The part of output columns that comes from inside the image: those x with 0 <= x + dx < width.
struct Columns {
  int64_t begin, end;
};

Columns Inside(int64_t dx, int64_t width) {
  const int64_t begin = std::clamp<int64_t>(-dx, 0, width);
  return {begin, std::max(begin, std::min(width, width - dx))};
}

void CopyRow(const Plane& plane, int64_t source_y, int64_t dx, float* out) {
  const Columns inside = Inside(dx, plane.width);
  const uint8_t* pixels = plane.pixels + source_y * plane.width + dx;
  std::fill(out, out + inside.begin, plane.fill);
  if (plane.mean_step == 0) {
    const float mean = *plane.mean;
    for (int64_t x = inside.begin; x < inside.end; ++x) out[x] = static_cast<float>(pixels[x]) - mean;
  } else {
    const float* mean = plane.mean + source_y * plane.width + dx;
    for (int64_t x = inside.begin; x < inside.end; ++x) out[x] = static_cast<float>(pixels[x]) - mean[x];
  }
  std::fill(out + inside.end, out + plane.width, plane.fill);
}

void CutOut(const Plane& plane, const AugmentDraw& draw, int64_t side, float* out) {
  const int64_t top = draw.cut_y - side / 2, left = draw.cut_x - side / 2;
  const int64_t begin = std::max<int64_t>(left, 0), end = std::min(left + side, plane.width);
  for (int64_t y = std::max<int64_t>(top, 0); y < std::min(top + side, plane.height); ++y) {
    std::fill(out + y * plane.width + begin, out + y * plane.width + end, plane.fill);
  }
}

void ChangePlane(const Plane& plane, const AugmentDraw& draw, int64_t cutout, float* out) {
  for (int64_t y = 0; y < plane.height; ++y) {
    float* row = out + y * plane.width;
    const int64_t source_y = y + draw.dy;
    if (source_y < 0 || source_y >= plane.height) {
      std::fill(row, row + plane.width, plane.fill);
      continue;
    }
    CopyRow(plane, source_y, draw.dx, row);
    if (draw.flip) std::reverse(row, row + plane.width);
  }
  if (cutout > 0) CutOut(plane, draw, cutout, out);
}

}  // namespace

Status CheckAugment(const AugmentOptions& options, const Shape& image) {
  LOWBIT_RETURN_IF_ERROR(CheckRange("pad", options.pad));
  LOWBIT_RETURN_IF_ERROR(CheckRange("cutout", options.cutout));
  const size_t channels = static_cast<size_t>(image[0]);
  const size_t mean = options.mean.size(), fill = options.fill.size();
  if (mean != 0 && mean != channels && mean != static_cast<size_t>(Elements(image))) {
    return WrongSize("mean", mean, image);
  }
  if (fill != 0 && fill != channels) return WrongSize("fill", fill, image);
  return Ok();
}

AugmentDraw DrawAugment(const AugmentOptions& options, const Shape& image, uint64_t seed, uint64_t epoch,
                        uint64_t index) {
  const CounterRandom random(seed, StreamOf("augment"), epoch);
  // Each change has its own numbers, used or not: switching one on or off leaves the others alone.
  AugmentDraw draw;
  if (options.flip || options.crop) {
    const auto bits = random.Block(2 * index);
    draw.flip = options.flip && (bits[0] >> 31) != 0;
    if (options.crop) {
      draw.dy = Below(bits[1], 2 * options.pad + 1) - options.pad;
      draw.dx = Below(bits[2], 2 * options.pad + 1) - options.pad;
    }
  }
  if (options.cutout > 0) {
    const auto bits = random.Block(2 * index + 1);
    draw.cut_y = Below(bits[0], image[1]);
    draw.cut_x = Below(bits[1], image[2]);
  }
  return draw;
}

void ApplyAugment(const AugmentOptions& options, const AugmentDraw& draw, const Shape& image,
                  Span<const uint8_t> pixels, float* out) {
  const int64_t channels = image[0], height = image[1], width = image[2], area = height * width;
  LOWBIT_DCHECK(static_cast<int64_t>(pixels.size()) == channels * area);
  const float zero = 0;
  const bool mean_image = static_cast<int64_t>(options.mean.size()) == channels * area && area > 1;
  for (int64_t c = 0; c < channels; ++c) {
    Plane plane = {height, width, pixels.data() + c * area, &zero, 0, options.fill.empty() ? 0 : options.fill[c]};
    if (!options.mean.empty()) plane.mean = options.mean.data() + (mean_image ? c * area : c);
    if (mean_image) plane.mean_step = 1;
    ChangePlane(plane, draw, options.cutout, out + c * area);
  }
}

}  // namespace lowbit::data
