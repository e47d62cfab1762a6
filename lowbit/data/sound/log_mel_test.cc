#include "lowbit/data/sound/log_mel.h"

#include <gtest/gtest.h>

#include <cmath>

namespace lowbit::data {
namespace {

constexpr double kPi = 3.14159265358979323846;

TEST(FourierTransform, IsItsDefinition) {
  for (const size_t count : {2, 4, 16, 256}) {
    std::vector<std::complex<double>> x(count);
    for (size_t n = 0; n < count; ++n)
      x[n] = {static_cast<double>(n * 37 % 23) - 11, static_cast<double>(n * 5 % 7) - 3};
    std::vector<std::complex<double>> expected(count);
    for (size_t k = 0; k < count; ++k) {
      for (size_t n = 0; n < count; ++n) {
        expected[k] +=
            x[n] * std::polar(1.0, -2 * kPi * static_cast<double>(n * k % count) / static_cast<double>(count));
      }
    }
    FourierTransform(count).Run(&x);
    // Sums of up to 256 numbers of at most 12, each rounded to 1e-16 of itself.
    for (size_t k = 0; k < count; ++k) EXPECT_LT(std::abs(x[k] - expected[k]), 1e-10) << count << " " << k;
  }
}

// 0.5 sin(2 pi 440 n / rate) and, with noise, ((37 n mod 23) - 11) / 500.
std::vector<float> Tone(int64_t rate, size_t count, bool noise) {
  std::vector<float> samples(count);
  for (size_t n = 0; n < count; ++n) {
    const double tone = 0.5 * std::sin(2 * kPi * 440 * static_cast<double>(n) / static_cast<double>(rate));
    samples[n] = static_cast<float>(tone + (noise ? (static_cast<double>(37 * n % 23) - 11) / 500 : 0));
  }
  return samples;
}

// The numbers come from the equations of log_mel.h written down a second time, with NumPy and the sum of the transform's definition;
// the nearest of their levels to a half is 0.007 away, far beyond what the order of a sum changes.
TEST(LogMel, EqualsIndependentNumbers) {
  const LogMel noisy(8000, 40);
  EXPECT_EQ(noisy.Frames(360), 3);
  const std::vector<uint8_t> pixels = noisy.Pixels(Tone(8000, 360, true), 3);
  const std::vector<uint8_t> first = {71,  78,  76, 68,  93,  102, 97,  141, 184, 207, 207, 179, 129, 115,
                                      114, 100, 69, 59,  111, 116, 83,  52,  127, 129, 83,  124, 139, 109,
                                      110, 118, 79, 115, 107, 116, 118, 145, 148, 124, 122, 117};
  const std::vector<uint8_t> third = {56,  67,  68, 64,  91,  102, 98,  140, 184, 207, 207, 179, 129, 115,
                                      114, 100, 70, 59,  111, 116, 83,  52,  127, 129, 83,  124, 139, 109,
                                      110, 118, 79, 115, 107, 116, 118, 145, 148, 124, 122, 117};
  EXPECT_EQ(std::vector<uint8_t>(pixels.begin(), pixels.begin() + 40), first);
  EXPECT_EQ(std::vector<uint8_t>(pixels.begin() + 80, pixels.end()), third);
  EXPECT_EQ(LogMel(16000, 12).Pixels(Tone(16000, 400, false), 1),
            (std::vector<uint8_t>{108, 208, 207, 104, 59, 33, 13, 0, 0, 0, 0, 0}));
}

TEST(LogMel, CutsAndFillsWithSilence) {
  const LogMel mel(8000, 40);
  const std::vector<float> tone = Tone(8000, 360, true);
  const std::vector<uint8_t> three = mel.Pixels(tone, 3), two = mel.Pixels(tone, 2), five = mel.Pixels(tone, 5);
  EXPECT_EQ(two, std::vector<uint8_t>(three.begin(), three.begin() + 80));
  EXPECT_EQ(std::vector<uint8_t>(five.begin(), five.begin() + 120), three);
  EXPECT_EQ(std::vector<uint8_t>(five.begin() + 120, five.end()), std::vector<uint8_t>(80, 0));
  // Less than a window is one, filled up with zeros.
  EXPECT_EQ(mel.Frames(1), 1);
  EXPECT_EQ(mel.Frames(279), 1);
  EXPECT_EQ(mel.Frames(280), 2);
  EXPECT_GT(mel.Pixels(Tone(8000, 100, true), 1)[9], 100);
}

}  // namespace
}  // namespace lowbit::data
