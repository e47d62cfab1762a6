#include "lowbit/data/bicubic.h"

#include <algorithm>
#include <cmath>

namespace lowbit::data {
namespace {

double Cubic(double distance) {
  const double x = std::fabs(distance);
  if (x <= 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

// What one output value is made of.
struct Taps {
  std::vector<int64_t> inputs;
  std::vector<double> weights;
};

// i of ..., 1, 0, 0, 1, ..., n - 1, n - 1, n - 2, ...
int64_t Mirror(int64_t i, int64_t n) {
  const int64_t at = ((i % (2 * n)) + 2 * n) % (2 * n);
  return at < n ? at : 2 * n - 1 - at;
}

std::vector<Taps> AxisTaps(int64_t in, int64_t out) {
  const double factor = static_cast<double>(out) / static_cast<double>(in), stretch = std::min(factor, 1.0);
  const double reach = 2 / stretch;
  std::vector<Taps> axis(static_cast<size_t>(out));
  for (int64_t i = 0; i < out; ++i) {
    const double centre = (static_cast<double>(i) + 0.5) / factor - 0.5;
    Taps& taps = axis[static_cast<size_t>(i)];
    double sum = 0;
    for (auto j = static_cast<int64_t>(std::ceil(centre - reach)); static_cast<double>(j) <= centre + reach; ++j) {
      const double weight = Cubic(stretch * (centre - static_cast<double>(j)));
      taps.inputs.push_back(Mirror(j, in));
      taps.weights.push_back(weight);
      sum += weight;
    }
    for (double& weight : taps.weights) weight /= sum;
  }
  return axis;
}

// Of the values from[input * stride].
float Combine(const Taps& taps, const float* from, int64_t stride) {
  double sum = 0;
  for (size_t k = 0; k < taps.inputs.size(); ++k) sum += taps.weights[k] * from[taps.inputs[k] * stride];
  return static_cast<float>(sum);
}

}  // namespace

Plane ResizeBicubic(const Plane& plane, int64_t height, int64_t width) {
  Plane rows = {height, plane.width, std::vector<float>(static_cast<size_t>(height * plane.width))};
  const std::vector<Taps> down = AxisTaps(plane.height, height), across = AxisTaps(plane.width, width);
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < plane.width; ++x) {
      rows.values[static_cast<size_t>(y * plane.width + x)] =
          Combine(down[static_cast<size_t>(y)], plane.values.data() + x, plane.width);
    }
  }
  Plane result = {height, width, std::vector<float>(static_cast<size_t>(height * width))};
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      result.values[static_cast<size_t>(y * width + x)] =
          Combine(across[static_cast<size_t>(x)], rows.values.data() + y * plane.width, 1);
    }
  }
  return result;
}

}  // namespace lowbit::data
