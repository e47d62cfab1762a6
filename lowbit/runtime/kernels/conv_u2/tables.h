#ifndef LOWBIT_RUNTIME_KERNELS_CONV_U2_TABLES_H_
#define LOWBIT_RUNTIME_KERNELS_CONV_U2_TABLES_H_

// Products of a few channels at once, looked up.

#include <cstdint>

#include "hwy/aligned_allocator.h"
#include "lowbit/core/qtensor.h"
#include "lowbit/runtime/bytes.h"

namespace lowbit::runtime {

// `channels` neighbouring activations form a *code*, their places in the format, the first in the lowest bits; the weights
// that they meet form an *index* in the same way. Table `code` holds at each index
//
//   (sum of products of activation and weight + bias) / unit      unit a power of two
//
// as a byte. Tables follow each other: those of all codes and one for padding, where each sum is 0; then the same once more
// for the group that ends a pixel, where it has fewer channels: only those count.
class ProductTables {
 public:
  // `index_bits`: of an index: 4, or 6 where a vector's bytes look up 64. pixel_channels: of a pixel.
  // REQUIRES: at most 4 values on both sides, no product beyond +-6.
  ProductTables(const ByteFormat& activations, const ValueSet& weights, int index_bits, int64_t pixel_channels);

  int channels() const { return channels_; }
  int activation_bits() const { return activation_bits_; }
  int weight_bits() const { return weight_bits_; }
  int64_t GroupsOfPixel() const { return (pixel_channels_ + channels_ - 1) / channels_; }

  const uint8_t* bytes() const { return bytes_.get(); }
  // Tables are 2^shift() bytes large; the one for padding, and how much further the same table is for a pixel's last group,
  // in bytes.
  int shift() const { return index_bits_; }
  uint16_t padding() const { return static_cast<uint16_t>(tables_ << index_bits_); }
  int32_t last_offset() const { return last_ * (tables_ + 1) << index_bits_; }

  int32_t bias() const { return bias_; }
  int unit_bits() const { return unit_bits_; }  // log2(unit)
  int32_t largest() const { return largest_; }  // Entry of all tables.

 private:
  // Of the first `count` channels.
  int32_t Sum(const ByteFormat& activations, const ValueSet& weights, int code, int index, int64_t count) const;

  int64_t pixel_channels_;
  int index_bits_, activation_bits_, weight_bits_, channels_;
  int tables_;    // 2^(bits of a code).
  int last_ = 0;  // 1 if a pixel's last group has fewer channels.
  int unit_bits_ = 0;
  int32_t bias_ = 0, largest_ = 0;
  hwy::AlignedFreeUniquePtr<uint8_t[]> bytes_;
};

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_KERNELS_CONV_U2_TABLES_H_
