#ifndef LOWBIT_FORMAT_C_SOURCE_SUPPORT_H_
#define LOWBIT_FORMAT_C_SOURCE_SUPPORT_H_

#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "lowbit/format/c_source/element.h"

namespace lowbit::c_source {

// Which products are summed at a time.
enum class SumKind : uint8_t {
  kDot,     // Of numbers that lie side by side: a kernel of one pixel, or of the whole image.
  kRows,    // A window's rows of all channels.
  kTaps,    // Of one channel.
  kPixels,  // Of the channels of a group, or with taps apart.
};

// The functions that a generated file needs beside its layers: each is written if something asks for it, and then what it calls.
class Support {
 public:
  // Names of functions: "rows_u8_i8", "unpack_bits_i8", "unpack_trits_f32", "unpack_vectors_u8_i8", "quantize", "level". Returns the name.
  std::string Sum(SumKind kind, Element input, Element weight);
  std::string UnpackBits(Element weight);
  std::string UnpackTrits(Element weight);
  // Codes of 8 or 16 bits; vectors of weights, or (`in_steps`) of bytes that are multiplied with a step.
  std::string UnpackVectors(bool wide, bool in_steps, Element weight);
  std::string Quantize();
  std::string Level();

  // C99, in an order that compiles.
  std::string Text() const;

 private:
  bool quantize_ = false, level_ = false;
  std::set<std::tuple<SumKind, Element, Element>> sums_;
  std::set<Element> bits_, trits_;
  std::set<std::tuple<bool, bool, Element>> vectors_;
};

}  // namespace lowbit::c_source

#endif  // LOWBIT_FORMAT_C_SOURCE_SUPPORT_H_
