#ifndef LOWBIT_QUANT_METHODS_ESB_FORMAT_H_
#define LOWBIT_QUANT_METHODS_ESB_FORMAT_H_

#include <cstdint>
#include <vector>

namespace lowbit::quant::methods::esb {

// Numbers of b bits, k of them behind the leading one (spec.md): a code is [ sign : 1 | exponent E : b-1-k | fraction f : k ].
// With F = f, n = 0 for E = 0, and F = 2^k + f, n = E - 1 otherwise, its value is (-1)^sign F 2^(n-k). The code without its sign
// counts the magnitudes in ascending order. REQUIRES: 2 <= bits <= 8, 0 <= k <= bits - 2.
struct Format {
  int bits = 4;
  int k = 1;

  int exponent_bits() const { return bits - 1 - k; }
  int max_shift() const { return (1 << exponent_bits()) - 2; }  // N: the largest n. 0..126
  int magnitudes() const { return 1 << (bits - 1); }
  // The largest of them: 2^(N+1) - 2^(N-k).
  double largest() const { return Magnitude(magnitudes() - 1); }

  int Significand(int rank) const;  // F of the magnitude with that place in ascending order.
  int Shift(int rank) const;        // n
  double Magnitude(int rank) const;
  std::vector<double> Magnitudes() const;  // Ascending, from 0.

  // REQUIRES: 0 <= code < 2^bits. -0 is 0.
  double Decode(uint8_t code) const;
  // The code of the value nearest to v, halves to an even F; beyond the largest, the largest. Never -0. REQUIRES: not NaN.
  uint8_t Encode(double v) const;
};

// The product of two coded values in units of 2^-(ka+kb): one product of significands, one shift.
// REQUIRES: the shifts of both add up to less than 48.
int64_t Product(const Format& a, uint8_t code_a, const Format& b, uint8_t code_b);
// The same by shifts and additions alone: one for each bit set in a's significand, k + 1 at most.
int64_t ShiftAddProduct(const Format& a, uint8_t code_a, const Format& b, uint8_t code_b);

}  // namespace lowbit::quant::methods::esb

#endif  // LOWBIT_QUANT_METHODS_ESB_FORMAT_H_
