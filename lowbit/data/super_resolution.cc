#include "lowbit/data/super_resolution.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "lowbit/data/picture_list.h"

namespace lowbit::data {
namespace {

float BrightnessOf(const Image8& image, size_t pixel, size_t plane) {
  if (image.shape[0] == 1) return image.pixels[pixel];
  const double red = image.pixels[pixel], green = image.pixels[plane + pixel], blue = image.pixels[2 * plane + pixel];
  return static_cast<float>(std::floor(16.5 + (65.481 * red + 128.553 * green + 24.966 * blue) / 255));
}

double Rounded(float value) { return std::floor(std::clamp(static_cast<double>(value), 0.0, 255.0) + 0.5); }

bool IsSmallVersion(const std::string& name) {
  const size_t dot = name.rfind('.');
  return dot != std::string::npos && dot >= 3 && name.compare(dot - 3, 3, "_LR") == 0;
}

}  // namespace

Result<Plane> Brightness(const Image8& image, int64_t scale) {
  const int64_t height = image.shape[1] / scale * scale, width = image.shape[2] / scale * scale;
  if (height == 0 || width == 0) {
    return Invalid("a picture of " + std::to_string(image.shape[1]) + "x" + std::to_string(image.shape[2]) +
                   " pixels cannot be made smaller " + std::to_string(scale) + " times");
  }
  Plane plane = {height, width, std::vector<float>(static_cast<size_t>(height * width))};
  const auto pixels = static_cast<size_t>(image.shape[1] * image.shape[2]);
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      plane.values[static_cast<size_t>(y * width + x)] =
          BrightnessOf(image, static_cast<size_t>(y * image.shape[2] + x), pixels);
    }
  }
  return plane;
}

Plane Blur(const Plane& plane, int64_t scale) {
  return ResizeBicubic(ResizeBicubic(plane, plane.height / scale, plane.width / scale), plane.height, plane.width);
}

Result<BlurredPicture> BlurPicture(const std::string& path, int64_t factor) {
  LOWBIT_TRY(const Image8 image, ReadImage(path));
  if (std::min(image.shape[1], image.shape[2]) < 3 * factor) {
    return Invalid(path + ": is smaller than three times the scale, " + std::to_string(factor));
  }
  BlurredPicture picture;
  picture.name = path.substr(path.rfind('/') + 1);
  picture.factor = factor;
  LOWBIT_TRY(picture.sharp, Brightness(image, factor));
  picture.blurred = Blur(picture.sharp, factor);
  return picture;
}

double Psnr(const Plane& plane, const Plane& truth, int64_t border) {
  double sum = 0;
  for (int64_t y = border; y < plane.height - border; ++y) {
    for (int64_t x = border; x < plane.width - border; ++x) {
      const auto i = static_cast<size_t>(y * plane.width + x);
      const double difference = Rounded(plane.values[i]) - Rounded(truth.values[i]);
      sum += difference * difference;
    }
  }
  const auto count = static_cast<double>((plane.height - 2 * border) * (plane.width - 2 * border));
  if (sum == 0) return std::numeric_limits<double>::infinity();
  return 10 * std::log10(255.0 * 255.0 * count / sum);
}

Result<std::vector<std::string>> ListSharpPictures(const std::string& folder) {
  LOWBIT_TRY(const PictureList list, ListPlainPictures(folder));
  std::vector<std::string> paths;
  for (const std::string& name : list.files[0]) {
    if (!IsSmallVersion(name)) paths.push_back(folder + "/" + name);
  }
  if (paths.empty()) return Invalid(folder + ": every picture in it is called *_LR.*, a small version of another one");
  return paths;
}

}  // namespace lowbit::data
