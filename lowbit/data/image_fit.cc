#include <algorithm>
#include <cmath>
#include <cstring>

#include "lowbit/data/image_file.h"
#include "lowbit/data/picture.h"

namespace lowbit::data {
namespace {

constexpr int64_t kMaxSide = 65536;

// Along one axis, output pixel x is the sum of weights[x * taps + i] * input[first[x] + i]; its weights sum to 1, and
// are 0 where there is no such input.
struct Axis {
  int64_t taps = 2;
  std::vector<int64_t> first;
  std::vector<float> weights;
};

// The mean of [begin, end) of the input.
void Average(double begin, double end, int64_t in, Axis* axis) {
  const int64_t first = std::min(static_cast<int64_t>(begin), in - 1);
  axis->first.push_back(first);
  for (int64_t place = first; place < first + axis->taps; ++place) {
    const double from = std::max(begin, static_cast<double>(place)), to = std::min(end, static_cast<double>(place + 1));
    axis->weights.push_back(place < in && to > from ? static_cast<float>((to - from) / (end - begin)) : 0);
  }
}

void Interpolate(double at, int64_t in, Axis* axis) {
  const double place = std::clamp(at, 0.0, static_cast<double>(in - 1));
  const double whole = std::floor(place);
  axis->first.push_back(static_cast<int64_t>(whole));
  axis->weights.push_back(static_cast<float>(1 - (place - whole)));
  axis->weights.push_back(static_cast<float>(place - whole));
}

Axis MakeAxis(int64_t in, int64_t out) {
  const double step = static_cast<double>(in) / static_cast<double>(out);
  Axis axis;
  if (out < in) axis.taps = static_cast<int64_t>(std::ceil(step)) + 1;
  for (int64_t i = 0; i < out; ++i) {
    const double begin = static_cast<double>(i) * step;
    if (out < in) {
      Average(begin, static_cast<double>(i + 1) * step, in, &axis);
    } else {
      Interpolate((static_cast<double>(i) + 0.5) * step - 0.5, in, &axis);
    }
  }
  return axis;
}

// Pixels with their channels side by side: [height, width, channels].
struct Source {
  const uint8_t* pixels;
  int64_t height, width, channels;

  int64_t row_values() const { return width * channels; }
  const uint8_t* row(int64_t y) const { return pixels + std::min(y, height - 1) * row_values(); }
};

// line[x] = the sum over the rows of output row y.
void SumRows(const Source& source, const Axis& rows, int64_t y, float* line) {
  const float* weights = rows.weights.data() + y * rows.taps;
  for (int64_t i = 0; i < rows.taps; i += 2) {
    const uint8_t *a = source.row(rows.first[y] + i), *b = source.row(rows.first[y] + i + 1);
    const float wa = weights[i], wb = i + 1 < rows.taps ? weights[i + 1] : 0, keep = i == 0 ? 0 : 1;
    for (int64_t x = 0; x < source.row_values(); ++x) line[x] = keep * line[x] + (wa * a[x] + wb * b[x]);
  }
}

// Weights of a sum are 1 together but for their rounding, so none is above 255.5, and none is negative. lround would cost
// more than the sums.
uint8_t Round(float sum) { return static_cast<uint8_t>(sum + 0.5f); }  // NOLINT(bugprone-incorrect-roundings)

// out[x] = the sum over the columns of output column x.
void SumColumns(const float* line, const Axis& columns, uint8_t* out) {
  const float* weight = columns.weights.data();
  for (const int64_t first : columns.first) {
    float sum = 0;
    for (int64_t i = 0; i < columns.taps; ++i) sum += *weight++ * line[first + i];
    *out++ = Round(sum);
  }
}

// Four floats that the processor handles together; GCC and clang know the type. Left to itself, GCC goes over the taps
// in fours, of which there are three.
using Lanes = float __attribute__((vector_size(16)));

Lanes Load(const float* values) {
  Lanes lanes;
  std::memcpy(&lanes, values, sizeof(lanes));
  return lanes;
}

// The same for three channels side by side, to out[c * area + x]. The fourth lane belongs to the next pixel and is
// dropped.
void SumColours(const float* line, const Axis& columns, int64_t area, uint8_t* out) {
  const float* weight = columns.weights.data();
  for (const int64_t first : columns.first) {
    Lanes sums = {};
    for (int64_t i = 0; i < columns.taps; ++i) sums += *weight++ * Load(line + (first + i) * 3);
    for (int c = 0; c < 3; ++c) out[c * area] = Round(sums[c]);
    ++out;
  }
}

// To one plane [height, width] for each channel, a row of the result at a time.
void ResizeTo(const Source& source, int64_t height, int64_t width, uint8_t* planes) {
  const Axis rows = MakeAxis(source.height, height), columns = MakeAxis(source.width, width);
  // Taps beyond the last column have a weight of 0; a fourth value is read after the last colour.
  std::vector<float> line(static_cast<size_t>(source.row_values() + columns.taps * source.channels + 1));
  for (int64_t y = 0; y < height; ++y) {
    SumRows(source, rows, y, line.data());
    if (source.channels == 1) {
      SumColumns(line.data(), columns, planes + y * width);
    } else {
      SumColours(line.data(), columns, height * width, planes + y * width);
    }
  }
}

Image8 Resize(const Image8& image, int64_t height, int64_t width) {
  if (image.shape[1] == height && image.shape[2] == width) return image;
  Image8 result = {{image.shape[0], height, width}, {}};
  result.pixels.resize(static_cast<size_t>(Elements(result.shape)));
  const int64_t area = image.shape[1] * image.shape[2];
  for (int64_t c = 0; c < image.shape[0]; ++c) {
    ResizeTo({image.pixels.data() + c * area, image.shape[1], image.shape[2], 1}, height, width,
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

void FitToPlanes(const Picture& picture, int64_t height, int64_t width, Span<uint8_t> planes) {
  ResizeTo({picture.data(), picture.height(), picture.width(), picture.channels()}, height, width, planes.data());
  const auto area = static_cast<std::ptrdiff_t>(height * width);
  for (int64_t c = picture.channels(); c < 3; ++c) {
    std::copy(planes.begin(), planes.begin() + area, planes.begin() + c * area);
  }
}

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
