#ifndef LOWBIT_DATA_SOUND_LOG_MEL_H_
#define LOWBIT_DATA_SOUND_LOG_MEL_H_

// Sound as a picture: time from top to bottom, pitch from left to right, loudness as brightness.

#include <complex>
#include <cstdint>
#include <vector>

#include "lowbit/base/span.h"

namespace lowbit::data {

// sum over n of x[n] e^(-2 pi i k n / N) for k = 0..N - 1, by the radix-2 algorithm of Cooley and Tukey (1965).
class FourierTransform {
 public:
  // REQUIRES: `points`, N, is a power of two
  explicit FourierTransform(size_t points);
  size_t points() const { return 2 * turns_.size(); }
  // In place; N log N operations. REQUIRES: x.size() == points()
  void Run(std::vector<std::complex<double>>* x) const;

 private:
  std::vector<std::complex<double>> turns_;  // e^(-2 pi i k / N), k < N / 2
};

// The spectrogram of a recording on the mel scale. With N the smallest power of two that holds a window of W samples:
//
//   w[n] = (1 - cos(2 pi n / W)) / 2                                          Hann's window, n = 0..W - 1
//   P[k] = |sum over n of w[n] x[hop t + n] e^(-2 pi i k n / N)|^2 / (W / 4)^2      k = 0..N / 2; a sine of amplitude 1: about 1
//   E[m] = sum over k of f_m(k rate / N) P[k]                                 m = 0..mels - 1
//   pixel[t, m] = 2 (10 log10 E[m] + 110), rounded, limited to 0..255
//
// so that a step of a pixel is half a decibel, from -110 dB to +17.5 dB. f_m is a triangle over the frequency in Hz, 0 at c[m], 1 at
// c[m + 1], 0 at c[m + 2], where the c are mels + 2 places at equal distances from 0 to rate / 2 on the scale 2595 log10(1 + f / 700)
// (O'Shaughnessy 1987). Computed in double.
class LogMel {
 public:
  // Windows of 25 ms every 10 ms. REQUIRES: 1000 <= rate <= 2^20, 1 <= mels <= 256
  LogMel(int64_t rate, int64_t mels);

  int64_t rate() const { return rate_; }
  int64_t mels() const { return static_cast<int64_t>(filters_.size()); }
  // Windows that lie in so many samples; at least 1, of which zeros may be a part.
  int64_t Frames(int64_t samples) const;
  // The first `frames` frames, [frames, mels]; what is behind the end of the samples is silence, pixels of 0.
  std::vector<uint8_t> Pixels(Span<const float> samples, int64_t frames) const;

 private:
  // f_m at the frequencies first, first + 1, ...
  struct Filter {
    size_t first = 0;
    std::vector<double> weights;
  };
  void MakeFilters(int64_t mels);

  int64_t rate_, hop_;
  std::vector<double> window_;
  FourierTransform transform_;
  std::vector<Filter> filters_;
};

}  // namespace lowbit::data

#endif  // LOWBIT_DATA_SOUND_LOG_MEL_H_
