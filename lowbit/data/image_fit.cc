#include <algorithm>
#include <cmath>

#include "lowbit/data/image_file.h"

namespace lowbit::data {
namespace {

constexpr int64_t kMaxSide = 65536;

// An output pixel of one axis is the sum of weights[i] * input[first + i]; the weights sum to 1.
struct Taps {
  int64_t first = 0;
  std::vector<double> weights;
};

Taps Average(double begin, double end, int64_t in) {
  Taps taps;
  taps.first = std::min(static_cast<int64_t>(begin), in - 1);
  for (int64_t i = taps.first; i < in && static_cast<double>(i) < end; ++i) {
    const double covered =
        std::min<double>(end, static_cast<double>(i + 1)) - std::max<double>(begin, static_cast<double>(i));
    taps.weights.push_back(covered / (end - begin));
  }
  return taps;
}

Taps Interpolate(double at, int64_t in) {
  const double place = std::clamp(at, 0.0, static_cast<double>(in - 1));
  const double whole = std::floor(place);
  Taps taps;
  taps.first = static_cast<int64_t>(whole);
  taps.weights = {1 - (place - whole)};
  if (place > whole) taps.weights.push_back(place - whole);
  return taps;
}

std::vector<Taps> AxisTaps(int64_t in, int64_t out) {
  const double step = static_cast<double>(in) / static_cast<double>(out);
  std::vector<Taps> axis;
  for (int64_t i = 0; i < out; ++i) {
    const double begin = static_cast<double>(i) * step;
    axis.push_back(out < in ? Average(begin, static_cast<double>(i + 1) * step, in)
                            : Interpolate((static_cast<double>(i) + 0.5) * step - 0.5, in));
  }
  return axis;
}

// [height, width] to [rows.size(), columns.size()], a row of the result at a time.
void ResizePlane(const uint8_t* in, int64_t width, const std::vector<Taps>& rows, const std::vector<Taps>& columns,
                 uint8_t* out) {
  std::vector<double> line(static_cast<size_t>(width));
  for (const Taps& row : rows) {
    std::fill(line.begin(), line.end(), 0.0);
    for (size_t i = 0; i < row.weights.size(); ++i) {
      const uint8_t* source = in + (row.first + static_cast<int64_t>(i)) * width;
      for (int64_t x = 0; x < width; ++x) line[x] += row.weights[i] * source[x];
    }
    for (const Taps& column : columns) {
      double sum = 0;
      for (size_t i = 0; i < column.weights.size(); ++i) sum += column.weights[i] * line[column.first + i];
      *out++ = static_cast<uint8_t>(std::clamp(std::floor(sum + 0.5), 0.0, 255.0));
    }
  }
}

Image8 Resize(const Image8& image, int64_t height, int64_t width) {
  if (image.shape[1] == height && image.shape[2] == width) return image;
  Image8 result = {{image.shape[0], height, width}, {}};
  result.pixels.resize(static_cast<size_t>(Elements(result.shape)));
  const std::vector<Taps> rows = AxisTaps(image.shape[1], height), columns = AxisTaps(image.shape[2], width);
  const int64_t area = image.shape[1] * image.shape[2];
  for (int64_t c = 0; c < image.shape[0]; ++c) {
    ResizePlane(image.pixels.data() + c * area, image.shape[2], rows, columns,
                result.pixels.data() + c * height * width);
  }
  return result;
}

Image8 ToGrey(const Image8& image) {
  const size_t area = image.pixels.size() / 3;
  Image8 grey = {{1, image.shape[1], image.shape[2]}, std::vector<uint8_t>(area)};
  for (size_t i = 0; i < area; ++i) {
    const uint32_t luma = 299u * image.pixels[i] + 587u * image.pixels[area + i] + 114u * image.pixels[2 * area + i];
    grey.pixels[i] = static_cast<uint8_t>((luma + 500) / 1000);
  }
  return grey;
}

Image8 ToColour(const Image8& image) {
  Image8 colour = {{3, image.shape[1], image.shape[2]}, {}};
  for (int c = 0; c < 3; ++c) colour.pixels.insert(colour.pixels.end(), image.pixels.begin(), image.pixels.end());
  return colour;
}

}  // namespace

Result<Image8> FitTo(const Image8& image, int64_t channels, int64_t height, int64_t width) {
  if (channels != 1 && channels != 3) {
    return Invalid("an image cannot be given " + std::to_string(channels) + " channels; 1 or 3 were expected");
  }
  if (height < 1 || width < 1 || height > kMaxSide || width > kMaxSide) {
    return Invalid("an image cannot be made " + std::to_string(width) + "x" + std::to_string(height) +
                   " pixels; sides of 1.." + std::to_string(kMaxSide) + " were expected");
  }
  if (image.shape[0] == channels) return Resize(image, height, width);
  return channels == 1 ? Resize(ToGrey(image), height, width) : ToColour(Resize(image, height, width));
}

}  // namespace lowbit::data
