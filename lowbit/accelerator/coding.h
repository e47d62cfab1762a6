#ifndef LOWBIT_ACCELERATOR_CODING_H_
#define LOWBIT_ACCELERATOR_CODING_H_

#include <cstdint>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/quant/methods/esb/format.h"

namespace lowbit::accelerator {

// What the codes of weights or of activations mean: numbers of elastic significant bits (quant/methods/esb/spec.md), as integers in units
// of 2^-k. A signed code is [sign : 1 | exponent : e | fraction : k]; an unsigned one lacks the sign. k = 0 are powers of two and
// 0, e = 1 is a uniform grid: (e = 1, k = 0) ternary if signed. -0 is read as 0 and never written.
struct Coding {
  int exponent_bits = 2;  // e, at least 1.
  int fraction_bits = 1;  // k, at least 0.
  bool is_signed = true;

  int magnitude_bits() const { return exponent_bits + fraction_bits; }
  int bits() const { return magnitude_bits() + (is_signed ? 1 : 0); }
  // Of numbers: 2^bits, without -0.
  int count() const { return (1 << bits()) - (is_signed ? 1 : 0); }
  // In elastic terms, with a sign whether it has one or not.
  quant::methods::esb::Format format() const { return {magnitude_bits() + 1, fraction_bits}; }

  // REQUIRES: 0 <= code < 2^bits
  int64_t Integer(int code) const;
  // The number's place among all of them, from the least: 0..count - 1. REQUIRES: 0 <= code < 2^bits
  int Rank(int code) const;
  // REQUIRES: 0 <= rank < count
  int Code(int rank) const;
  // The code of an integer that the coding has.
  uint8_t Encode(int64_t integer) const;
  int64_t Largest() const { return Integer(Code(count() - 1)); }

  bool operator==(const Coding& other) const {
    return exponent_bits == other.exponent_bits && fraction_bits == other.fraction_bits && is_signed == other.is_signed;
  }
};

// The coding with the fewest bits, then the fewest exponent bits, that has all the integers. Error: none of at most `most_bits` has.
Result<Coding> SmallestCoding(const std::vector<int64_t>& integers, int most_bits);

}  // namespace lowbit::accelerator

#endif  // LOWBIT_ACCELERATOR_CODING_H_
