#include "lowbit/data/sound/log_mel.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "lowbit/base/check.h"

namespace lowbit::data {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kSilence = 1e-30;  // Power; its logarithm is beyond the darkest pixel.

double ToMel(double hertz) { return 2595 * std::log10(1 + hertz / 700); }
double FromMel(double mel) { return 700 * (std::pow(10, mel / 2595) - 1); }

uint8_t PixelOf(double power) {
  const double level = 2 * (10 * std::log10(std::max(power, kSilence)) + 110);
  return static_cast<uint8_t>(std::lround(std::clamp(level, 0.0, 255.0)));
}

// Places whose numbers have their bits in the opposite order change places.
void Shuffle(std::vector<std::complex<double>>* x) {
  for (size_t i = 1, j = 0; i < x->size(); ++i) {
    size_t bit = x->size() / 2;
    for (; (j & bit) != 0; bit /= 2) j ^= bit;
    j ^= bit;
    if (i < j) std::swap((*x)[i], (*x)[j]);
  }
}

// The product of finite numbers; the operator looks for infinite ones.
std::complex<double> Product(std::complex<double> a, std::complex<double> b) {
  return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
}

size_t PointsFor(size_t window) {
  size_t points = 2;
  while (points < window) points *= 2;
  return points;
}

}  // namespace

FourierTransform::FourierTransform(size_t points) : turns_(points / 2) {
  LOWBIT_CHECK(points > 1 && (points & (points - 1)) == 0);
  for (size_t k = 0; k < turns_.size(); ++k) {
    turns_[k] = std::polar(1.0, -2 * kPi * static_cast<double>(k) / static_cast<double>(points));
  }
}

void FourierTransform::Run(std::vector<std::complex<double>>* x) const {
  LOWBIT_CHECK(x->size() == points());
  Shuffle(x);
  for (size_t half = 1; half < x->size(); half *= 2) {
    for (size_t start = 0; start < x->size(); start += 2 * half) {
      for (size_t k = 0; k < half; ++k) {
        std::complex<double>&even = (*x)[start + k], &odd = (*x)[start + k + half];
        const std::complex<double> turned = Product(turns_[k * (turns_.size() / half)], odd);
        odd = even - turned;
        even += turned;
      }
    }
  }
}

LogMel::LogMel(int64_t rate, int64_t mels)
    : rate_(rate), hop_(rate / 100), window_(static_cast<size_t>(rate / 40)), transform_(PointsFor(window_.size())) {
  LOWBIT_CHECK(rate >= 1000 && rate <= (1 << 20) && mels >= 1 && mels <= 256);
  for (size_t n = 0; n < window_.size(); ++n) {
    window_[n] = (1 - std::cos(2 * kPi * static_cast<double>(n) / static_cast<double>(window_.size()))) / 2;
  }
  MakeFilters(mels);
}

void LogMel::MakeFilters(int64_t mels) {
  const double step = ToMel(static_cast<double>(rate_) / 2) / static_cast<double>(mels + 1);
  for (int64_t m = 0; m < mels; ++m) {
    const double low = FromMel(step * static_cast<double>(m)), middle = FromMel(step * static_cast<double>(m + 1)),
                 high = FromMel(step * static_cast<double>(m + 2));
    Filter filter;
    for (size_t k = 0; k <= transform_.points() / 2; ++k) {
      const double f = static_cast<double>(k) * static_cast<double>(rate_) / static_cast<double>(transform_.points());
      const double weight = std::min((f - low) / (middle - low), (high - f) / (high - middle));
      if (weight <= 0) continue;
      if (filter.weights.empty()) filter.first = k;
      filter.weights.push_back(weight);
    }
    filters_.push_back(std::move(filter));
  }
}

int64_t LogMel::Frames(int64_t samples) const {
  const auto window = static_cast<int64_t>(window_.size());
  return samples < window ? 1 : 1 + (samples - window) / hop_;
}

std::vector<uint8_t> LogMel::Pixels(Span<const float> samples, int64_t frames) const {
  const int64_t there = std::min(frames, Frames(static_cast<int64_t>(samples.size())));
  const double full = static_cast<double>(window_.size()) / 4;
  std::vector<uint8_t> pixels(static_cast<size_t>(frames * mels()), 0);
  std::vector<std::complex<double>> x(transform_.points());
  std::vector<double> power(transform_.points() / 2 + 1);
  for (int64_t t = 0; t < there; ++t) {
    const auto first = static_cast<size_t>(t * hop_);
    std::fill(x.begin(), x.end(), 0.0);
    for (size_t n = 0; n < window_.size() && first + n < samples.size(); ++n) {
      x[n] = window_[n] * static_cast<double>(samples[first + n]);
    }
    transform_.Run(&x);
    for (size_t k = 0; k < power.size(); ++k) power[k] = std::norm(x[k]) / (full * full);
    for (size_t m = 0; m < filters_.size(); ++m) {
      double sum = 0;
      for (size_t i = 0; i < filters_[m].weights.size(); ++i) {
        sum += filters_[m].weights[i] * power[filters_[m].first + i];
      }
      pixels[static_cast<size_t>(t) * filters_.size() + m] = PixelOf(sum);
    }
  }
  return pixels;
}

}  // namespace lowbit::data
