#include "lowbit/data/colour.h"

#include <algorithm>
#include <vector>

#include "lowbit/base/random.h"

namespace lowbit::data {
namespace {

float Factor(double range, uint32_t bits) {
  const double low = std::max(0.0, 1 - range);
  return static_cast<float>(low + (1 + range - low) * CounterRandom::ToUniform(bits));
}

float Clamp(float value) { return std::clamp(value, 0.0f, 255.0f); }

// Greys of the pixels of an image [channels, area].
std::vector<float> Greys(const std::vector<float>& values, size_t area) {
  if (values.size() == area) return values;
  std::vector<float> greys(area);
  const float *red = values.data(), *green = red + area, *blue = green + area;
  for (size_t i = 0; i < area; ++i) greys[i] = 0.299f * red[i] + 0.587f * green[i] + 0.114f * blue[i];
  return greys;
}

float Mean(const std::vector<float>& values) {
  double sum = 0;
  for (const float value : values) sum += value;
  return static_cast<float>(sum / static_cast<double>(values.size()));
}

void ChangeBrightness(float factor, std::vector<float>* values) {
  for (float& value : *values) value = Clamp(factor * value);
}

void ChangeContrast(float factor, size_t area, std::vector<float>* values) {
  const float rest = (1 - factor) * Mean(Greys(*values, area));
  for (float& value : *values) value = Clamp(factor * value + rest);
}

void ChangeSaturation(float factor, size_t area, std::vector<float>* values) {
  const std::vector<float> greys = Greys(*values, area);
  for (size_t start = 0; start < values->size(); start += area) {
    float* plane = values->data() + start;
    for (size_t i = 0; i < area; ++i) plane[i] = Clamp(factor * plane[i] + (1 - factor) * greys[i]);
  }
}

}  // namespace

ColourDraw DrawColour(const ColourOptions& options, uint64_t seed, uint64_t epoch, uint64_t index) {
  const auto bits = CounterRandom(seed, StreamOf("colour"), epoch).Block(index);
  ColourDraw draw;
  draw.brightness = Factor(options.brightness, bits[0]);
  draw.contrast = Factor(options.contrast, bits[1]);
  draw.saturation = Factor(options.saturation, bits[2]);
  return draw;
}

void ChangeColour(const ColourDraw& draw, const Shape& image, Span<uint8_t> pixels) {
  if (image[0] != 1 && image[0] != 3) return;
  const size_t area = static_cast<size_t>(image[1] * image[2]);
  std::vector<float> values(pixels.begin(), pixels.end());
  if (draw.brightness != 1) ChangeBrightness(draw.brightness, &values);
  if (draw.contrast != 1) ChangeContrast(draw.contrast, area, &values);
  if (draw.saturation != 1 && image[0] == 3) ChangeSaturation(draw.saturation, area, &values);
  // None is negative, and lround would cost more than the colours.
  for (size_t i = 0; i < values.size(); ++i) {
    pixels[i] = static_cast<uint8_t>(values[i] + 0.5f);  // NOLINT(bugprone-incorrect-roundings)
  }
}

}  // namespace lowbit::data
