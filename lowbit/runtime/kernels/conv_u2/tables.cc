#include "lowbit/runtime/kernels/conv_u2/tables.h"

#include <algorithm>
#include <vector>

#include "lowbit/base/check.h"

namespace lowbit::runtime {
namespace {

// The value of place `at` in a list of `bits` bits each; places beyond the values, which never occur, count as the last.
int Place(int list, int at, int bits, int values) {
  return std::min(list >> (at * bits) & ((1 << bits) - 1), values - 1);
}

int BitsFor(int values) { return values > 2 ? 2 : 1; }

}  // namespace

int32_t ProductTables::Sum(const ByteFormat& activations, const ValueSet& weights, int code, int index,
                           int64_t count) const {
  int32_t sum = 0;
  for (int c = 0; c < count; ++c) {
    const int a = Place(code, c, activation_bits_, activations.Values()) * activations.step - activations.offset;
    sum += a * static_cast<int32_t>(weights.Value(Place(index, c, weight_bits_, weights.Count())));
  }
  return sum;
}

ProductTables::ProductTables(const ByteFormat& activations, const ValueSet& weights, int index_bits,
                             int64_t pixel_channels)
    : pixel_channels_(pixel_channels),
      index_bits_(index_bits),
      activation_bits_(BitsFor(activations.Values())),
      weight_bits_(BitsFor(weights.Count())),
      channels_(index_bits / std::max(activation_bits_, weight_bits_)),
      tables_(1 << (channels_ * activation_bits_)) {
  LOWBIT_CHECK(activations.Values() <= 4 && weights.Count() <= 4);
  const int64_t rest = pixel_channels % channels_;
  last_ = rest > 0 ? 1 : 0;
  const int entries = 1 << index_bits;
  std::vector<int32_t> sums;
  for (const int64_t count : {static_cast<int64_t>(channels_), rest}) {
    for (int code = 0; count > 0 && code < tables_; ++code) {
      for (int index = 0; index < entries; ++index) sums.push_back(Sum(activations, weights, code, index, count));
    }
    if (count > 0) sums.resize(sums.size() + static_cast<size_t>(entries), 0);
  }
  bias_ = -*std::min_element(sums.begin(), sums.end());
  int32_t ones = 0;
  for (const int32_t sum : sums) ones |= sum + bias_;
  while (ones != 0 && (ones >> unit_bits_ & 1) == 0) ++unit_bits_;
  bytes_ = hwy::AllocateAligned<uint8_t>(sums.size());
  for (size_t i = 0; i < sums.size(); ++i) {
    const int32_t entry = (sums[i] + bias_) >> unit_bits_;
    LOWBIT_CHECK(entry <= 255);
    largest_ = std::max(largest_, entry);
    bytes_[i] = static_cast<uint8_t>(entry);
  }
  largest_ = std::max(largest_, 1);
}

}  // namespace lowbit::runtime
