#ifndef LOWBIT_FORMAT_C_SOURCE_PRODUCT_H_
#define LOWBIT_FORMAT_C_SOURCE_PRODUCT_H_

// Convolutions and matrix products, which are convolutions whose kernel is the whole image.

#include <cstdint>
#include <vector>

#include "lowbit/core/ops_common/window.h"
#include "lowbit/format/c_source/network.h"

namespace lowbit::c_source {

struct Product {
  Extents in, out;
  int64_t groups = 1;
  ops::Window window;
  Element input = Element::kF32;   // Of Network::ProductSource.
  Element weight = Element::kF32;  // Integers of 8 or 16 bits, or floats.
  bool integers = false;           // The sums are.
  int64_t row_size = 0;
  std::vector<float> weights;  // [out channel][kernel height][kernel width][in channel of the group], without `scales`.
  std::vector<float> scales;   // Of the rows; empty where all are 1.
  // The codes that the weights came from, where they are those of a codebook; the network's.
  const QTensor* codebook = nullptr;

  int64_t GroupChannels() const { return in.channels / groups; }
  int64_t Macs() const { return out.Elements() * row_size; }
};

// REQUIRES: node is a Conv or Gemm of the network.
Product ReadProduct(const Network& network, const Node& node);

// A row of weights as bytes.
struct PackedRows {
  enum class Code : uint8_t {
    kPlain,  // As they are, nothing to unpack.
    kBits,   // `bits` each, the first in the lowest bits; a row begins at a byte.
    kTrits,  // Five of three values in a byte: ceil(256 v / 243), v = their digits, the first the most significant one.
    kVectors,  // Codes of vectors, in the order [in channel][kernel height][kernel width], a byte each or two.
  };
  Code code = Code::kPlain;
  int bits = 0;
  // The weight of each code, ascending; or the numbers of a codebook's vectors, one vector behind the other.
  std::vector<float> table;
  std::vector<uint8_t> bytes;
  // kVectors: weights of a vector; the codes, if they have two bytes; what numbers are multiplied with at each position of a vector, if
  // they are bytes of floats.
  int block = 1;
  std::vector<uint16_t> wide_codes;
  std::vector<float> steps;
  int64_t row_bytes = 0;
};

// By the number of values that occur: as many bits as tell them apart, or five of three in a byte. Codebooks stay what they are.
PackedRows Pack(const Product& product);

}  // namespace lowbit::c_source

#endif  // LOWBIT_FORMAT_C_SOURCE_PRODUCT_H_
