#include "lowbit/accelerator/coding.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

namespace lowbit::accelerator {
namespace {

int Magnitudes(const Coding& coding) { return 1 << coding.magnitude_bits(); }

}  // namespace

int64_t Coding::Integer(int code) const {
  const int magnitude = code & (Magnitudes(*this) - 1);
  const quant::methods::esb::Format elastic = format();
  const int64_t integer = static_cast<int64_t>(elastic.Significand(magnitude)) << elastic.Shift(magnitude);
  return code == magnitude ? integer : -integer;
}

int Coding::Rank(int code) const {
  const int magnitude = code & (Magnitudes(*this) - 1);
  if (!is_signed) return magnitude;
  const int zero = Magnitudes(*this) - 1;
  return code == magnitude ? zero + magnitude : zero - magnitude;
}

int Coding::Code(int rank) const {
  if (!is_signed) return rank;
  const int zero = Magnitudes(*this) - 1;
  return rank >= zero ? rank - zero : Magnitudes(*this) + zero - rank;
}

uint8_t Coding::Encode(int64_t integer) const {
  return format().Encode(std::ldexp(static_cast<double>(integer), -fraction_bits));
}

Result<Coding> SmallestCoding(const std::vector<int64_t>& integers, int most_bits) {
  const bool is_signed = std::any_of(integers.begin(), integers.end(), [](int64_t integer) { return integer < 0; });
  for (int bits = 1 + (is_signed ? 1 : 0); bits <= most_bits; ++bits) {
    for (int exponent = 1; exponent <= std::min(4, bits - (is_signed ? 1 : 0)); ++exponent) {
      const Coding coding = {exponent, bits - (is_signed ? 1 : 0) - exponent, is_signed};
      std::set<int64_t> numbers;
      for (int rank = 0; rank < coding.count(); ++rank) numbers.insert(coding.Integer(coding.Code(rank)));
      const auto has = [&](int64_t integer) { return numbers.count(integer) != 0; };
      if (std::all_of(integers.begin(), integers.end(), has)) return coding;
    }
  }
  return Invalid("no coding of at most " + std::to_string(most_bits) + " bits has all of their " +
                 std::to_string(integers.size()) + " integers");
}

}  // namespace lowbit::accelerator
