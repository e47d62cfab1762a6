#include "bench/decoding/photos.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <stdexcept>

#include "lowbit/base/file.h"
#include "lowbit/base/random.h"
#include "lowbit/data/test_jpeg.h"

namespace lowbit::bench {
namespace {

constexpr int64_t kHeight = 375, kWidth = 500;
constexpr data::JpegForm kForm = {3, /*progressive=*/false, 2, 2, /*quality=*/90};

// Smooth noise in -1..1: random values at the corners of a grid, and between them a curve without kinks.
class Layer {
 public:
  Layer(uint64_t seed, uint64_t number, double cell) : random_(seed, StreamOf("layer"), number), cell_(cell) {}

  double At(int64_t y, int64_t x) const {
    const double v = static_cast<double>(y) / cell_, u = static_cast<double>(x) / cell_;
    const auto row = static_cast<uint64_t>(v), column = static_cast<uint64_t>(u);
    const double fy = Curve(v - std::floor(v)), fx = Curve(u - std::floor(u));
    const double top = Mix(Corner(row, column), Corner(row, column + 1), fx);
    return Mix(top, Mix(Corner(row + 1, column), Corner(row + 1, column + 1), fx), fy);
  }

 private:
  static double Curve(double t) { return t * t * (3 - 2 * t); }
  static double Mix(double a, double b, double t) { return a + (b - a) * t; }
  double Corner(uint64_t row, uint64_t column) const { return 2 * random_.Uniform(row * 1024 + column) - 1; }

  CounterRandom random_;
  double cell_;
};

uint8_t Pixel(double value) { return static_cast<uint8_t>(std::clamp(value, 0.0, 255.0)); }

std::vector<uint8_t> Photo(uint64_t seed) {
  const Layer large(seed, 0, 160), middle(seed, 1, 40), small(seed, 2, 9), fine(seed, 3, 3), hue(seed, 4, 120),
      shape(seed, 5, 90);
  const CounterRandom grain(seed, StreamOf("grain"));
  std::vector<uint8_t> pixels;
  for (int64_t y = 0; y < kHeight; ++y) {
    for (int64_t x = 0; x < kWidth; ++x) {
      const double edge = shape.At(y, x) > 0 ? 30 : -30;
      const double noise = 14 * (grain.Uniform(static_cast<uint64_t>(y * kWidth + x)) - 0.5);
      const double light =
          120 + 60 * large.At(y, x) + 30 * middle.At(y, x) + 24 * small.At(y, x) + 16 * fine.At(y, x) + edge + noise;
      const double tint = 40 * hue.At(y, x);
      for (const double colour : {light + tint, light, light - tint}) pixels.push_back(Pixel(colour));
    }
  }
  return pixels;
}

void Require(const Status& status) {
  if (!status.ok()) throw std::runtime_error(status.error().message);
}

}  // namespace

void WritePhotos(const std::string& folder, int64_t count) {
  for (const char* half : {"train", "val"}) {
    for (const char* name : {"a", "b"}) Require(MakeFolders(folder + "/" + half + "/" + name));
  }
  for (int64_t i = 0; i < count; ++i) {
    const std::string name = (i % 2 == 0 ? "/a/" : "/b/") + std::to_string(i) + ".jpg";
    const std::vector<uint8_t> file = data::Jpeg(kForm, kHeight, kWidth, Photo(static_cast<uint64_t>(i)));
    Require(WriteFileAtomic(folder + "/train" + name, file));
    if (i < 2) Require(WriteFileAtomic(folder + "/val" + name, file));
  }
}

}  // namespace lowbit::bench
