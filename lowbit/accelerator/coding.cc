#include "lowbit/accelerator/coding.h"

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

}  // namespace lowbit::accelerator
