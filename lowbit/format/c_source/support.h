#ifndef LOWBIT_FORMAT_C_SOURCE_SUPPORT_H_
#define LOWBIT_FORMAT_C_SOURCE_SUPPORT_H_

#include <set>
#include <string>

#include "lowbit/format/c_source/element.h"

namespace lowbit::c_source {

// The functions that a generated file needs beside its layers: each is written if something asks for it, and then what it calls.
class Support {
 public:
  // Names of functions: "sum_u8_i8", "unpack_bits_i8", "unpack_trits_f32", "quantize", "level". Returns the name.
  std::string Sum(Element input, Element weight);
  std::string UnpackBits(Element weight);
  std::string UnpackTrits(Element weight);
  std::string Quantize();
  std::string Level();

  // C99, in an order that compiles.
  std::string Text() const;

 private:
  bool quantize_ = false, level_ = false;
  std::set<std::pair<Element, Element>> sums_;
  std::set<Element> bits_, trits_;
};

}  // namespace lowbit::c_source

#endif  // LOWBIT_FORMAT_C_SOURCE_SUPPORT_H_
