#include "lowbit/quant/methods/esb/format.h"

#include <algorithm>
#include <cmath>

namespace lowbit::quant::methods::esb {
namespace {

struct Parts {
  bool negative;
  int64_t significand;
  int shift;
};

Parts Take(const Format& format, uint8_t code) {
  const int rank = code & (format.magnitudes() - 1);
  return {(code & format.magnitudes()) != 0, format.Significand(rank), format.Shift(rank)};
}

int64_t Signed(const Parts& a, const Parts& b, int64_t magnitude) {
  return a.negative != b.negative ? -magnitude : magnitude;
}

}  // namespace

int Format::Significand(int rank) const {
  const int fraction = rank & ((1 << k) - 1);
  return rank >> k == 0 ? fraction : (1 << k) + fraction;
}

int Format::Shift(int rank) const { return std::max(0, (rank >> k) - 1); }

double Format::Magnitude(int rank) const { return std::ldexp(Significand(rank), Shift(rank) - k); }

std::vector<double> Format::Magnitudes() const {
  std::vector<double> all;
  all.reserve(static_cast<size_t>(magnitudes()));
  for (int rank = 0; rank < magnitudes(); ++rank) all.push_back(Magnitude(rank));
  return all;
}

double Format::Decode(uint8_t code) const {
  const double magnitude = Magnitude(code & (magnitudes() - 1));
  return (code & magnitudes()) != 0 && magnitude != 0 ? -magnitude : magnitude;
}

uint8_t Format::Encode(double v) const {
  const double magnitude = std::min(std::fabs(v), largest());
  int exponent = 0;
  std::frexp(magnitude, &exponent);
  const int shift = magnitude < 1 ? 0 : std::min(exponent - 1, max_shift());
  // Rounding up out of a binade gives F = 2^(k+1), which is the first of the next one: the same count of ranks.
  const int significand = static_cast<int>(std::nearbyint(std::ldexp(magnitude, k - shift)));
  const int rank = std::min((shift << k) + significand, magnitudes() - 1);
  return static_cast<uint8_t>(v < 0 && rank != 0 ? rank + magnitudes() : rank);
}

int64_t Product(const Format& a, uint8_t code_a, const Format& b, uint8_t code_b) {
  const Parts x = Take(a, code_a), y = Take(b, code_b);
  return Signed(x, y, (x.significand * y.significand) << (x.shift + y.shift));
}

int64_t ShiftAddProduct(const Format& a, uint8_t code_a, const Format& b, uint8_t code_b) {
  const Parts x = Take(a, code_a), y = Take(b, code_b);
  int64_t sum = 0;
  for (int bit = 0; bit <= a.k; ++bit) {
    if ((x.significand >> bit & 1) != 0) sum += y.significand << (bit + x.shift + y.shift);
  }
  return Signed(x, y, sum);
}

}  // namespace lowbit::quant::methods::esb
