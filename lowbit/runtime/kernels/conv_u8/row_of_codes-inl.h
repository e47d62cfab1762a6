// One row of bytes times weights whose codes lie on a line. Included once for each target, and empty for most.

#if defined(LOWBIT_RUNTIME_KERNELS_CONV_U8_ROW_OF_CODES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef LOWBIT_RUNTIME_KERNELS_CONV_U8_ROW_OF_CODES_INL_H_
#undef LOWBIT_RUNTIME_KERNELS_CONV_U8_ROW_OF_CODES_INL_H_
#else
#define LOWBIT_RUNTIME_KERNELS_CONV_U8_ROW_OF_CODES_INL_H_
#endif

#include <cstring>

#include "hwy/highway.h"
#include "lowbit/runtime/dot-inl.h"
#include "lowbit/runtime/kernels/conv_u8/kernel.h"

#if HWY_TARGET == HWY_AVX3_DL

HWY_BEFORE_NAMESPACE();
namespace lowbit::runtime::kernels::conv_u8::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using namespace ::lowbit::runtime::HWY_NAMESPACE;  // NOLINT: the shared parts of this target

// A row of bytes as signed ones, s = byte - 128, which meet unsigned codes of weights w = slope * code + base:
//
//   sum a w = slope * sum s code + base * sum s + (128 - offset) * sum w,  where a = byte - offset
class CenteredRow {
 public:
  // `to`: where the bytes s are put, as many as whole words of weights meet; those beyond the row are 0.
  CenteredRow(const ByteConv& conv, const uint8_t* HWY_RESTRICT row, uint8_t* HWY_RESTRICT to)
      : weights_(conv.weights[0]), bytes_(to), factor_of_sum_(128 - conv.input_offset) {
    const int64_t count = 4 * weights_.quads, padded = 4 * weights_.WordsPerRow() * weights_.QuadsPerWord();
    for (int64_t i = 0; i < count; ++i) {
      sum_ += row[i] - 128;
      to[i] = row[i] ^ 128;
    }
    std::memset(to + count, 0, static_cast<size_t>(padded - count));
  }

  const ByteWeights& weights() const { return weights_; }
  const uint8_t* Quad(int64_t quad) const { return bytes_ + 4 * quad; }

  // From sums of s * code to those of products, as floats.
  HWY_INLINE void Store(SumVector sum_of_codes, const int32_t* sums_of_weights, float* HWY_RESTRICT out) const {
    const SumTag d;
    const SumVector of_codes = hn::Mul(hn::Set(d, weights_.slope), sum_of_codes);
    const SumVector of_weights = hn::Mul(hn::Set(d, factor_of_sum_), hn::LoadU(d, sums_of_weights));
    const SumVector total = hn::Add(hn::Add(of_codes, hn::Set(d, weights_.base * sum_)), of_weights);
    hn::Store(hn::ConvertTo(hn::RebindToFloat<SumTag>(), total), hn::RebindToFloat<SumTag>(), out);
  }

 private:
  const ByteWeights& weights_;
  const uint8_t* bytes_;
  int32_t sum_ = 0, factor_of_sum_;
};

// How far ahead of its use a word is brought to the second-level cache: whole groups of panels, so that each of a group's
// streams finds its next one there. What is near would still be on its way when it is needed; groups so large that two of
// them would push each other out are asked for piece by piece.
inline size_t BytesAhead(size_t of_group) {
  constexpr size_t kNear = size_t{1} << 15, kFar = size_t{1} << 18;
  return of_group > kFar ? kNear : (kNear + of_group - 1) / of_group * of_group;
}

HWY_INLINE SumVector LoadAndFetch(const uint8_t* at, size_t ahead) {
  _mm_prefetch(reinterpret_cast<const char*>(at + ahead), _MM_HINT_T1);
  return hn::Load(SumTag(), reinterpret_cast<const int32_t*>(at));
}

// Where vector v of a group of panels has its word.
HWY_INLINE const uint8_t* WordOf(const ByteWeights& weights, const uint8_t* words, int v, int64_t word) {
  const size_t vector = static_cast<size_t>(word) * kPanelVectors + static_cast<size_t>(v % kPanelVectors);
  return words + static_cast<size_t>(v / kPanelVectors) * weights.PanelBytes() + vector * 4 * hn::Lanes(SumTag());
}

// A group of panels whose codes have 1, 2 or 4 bits: they are multiplied where they are in their bytes, one And before
// each dot product, and the sums of each place shifted at the end.
template <int kBits>
class RowOfCodes {
 public:
  static constexpr int kPlaces = 8 / kBits;
  static constexpr int kVectors = 16 / kPlaces;  // So many sums hide the latency, and fit into the registers.
  static constexpr int kPanels = kVectors / kPanelVectors;

  explicit RowOfCodes(const CenteredRow& row) : row_(row), ahead_(BytesAhead(kPanels * row.weights().PanelBytes())) {}

  // `words`, `sums_of_weights`: of the group's first panel.
  void Run(const uint8_t* words, const int32_t* sums_of_weights, float* HWY_RESTRICT out) const {
    const SumTag d;
    const size_t lanes = hn::Lanes(d);
    SumVector sum[kVectors][kPlaces];
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) {
#pragma GCC unroll 16
      for (int p = 0; p < kPlaces; ++p) sum[v][p] = hn::Zero(d);
    }
    const int64_t count = row_.weights().WordsPerRow();
    for (int64_t word = 0; word < count; ++word) Add(words, word, sum);
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) {
      const size_t at = static_cast<size_t>(v) * lanes;
      row_.Store(Total(sum[v]), sums_of_weights + at, out + at);
    }
  }

 private:
  template <int kPlaces_>
  HWY_INLINE void Add(const uint8_t* words, int64_t word, SumVector (&sum)[kVectors][kPlaces_]) const {
    SumVector packed[kVectors];
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) {
      packed[v] = LoadAndFetch(WordOf(row_.weights(), words, v, word), ahead_);
    }
#pragma GCC unroll 16
    for (int p = 0; p < kPlaces_; ++p) {
      const SumVector s = LoadQuad(row_.Quad(word * kPlaces_ + p));
      const SumVector mask =
          hn::Set(SumTag(), static_cast<int32_t>(0x01010101u * (((1u << kBits) - 1) << (p * kBits))));
#pragma GCC unroll 16
      for (int v = 0; v < kVectors; ++v) sum[v][p] = AddDot<true>(hn::And(packed[v], mask), s, sum[v][p]);
    }
  }

  template <int kPlaces_>
  static HWY_INLINE SumVector Total(const SumVector (&sum)[kPlaces_]) {
    SumVector total = sum[0];
    if constexpr (kPlaces_ > 1) total = hn::Add(total, hn::ShiftRight<kBits>(sum[1]));
    if constexpr (kPlaces_ > 2) {
      total = hn::Add(total, hn::ShiftRight<2 * kBits>(sum[2]));
      total = hn::Add(total, hn::ShiftRight<3 * kBits>(sum[3]));
    }
    if constexpr (kPlaces_ > 4) {
      total = hn::Add(total, hn::ShiftRight<4 * kBits>(sum[4]));
      total = hn::Add(total, hn::ShiftRight<5 * kBits>(sum[5]));
      total = hn::Add(total, hn::ShiftRight<6 * kBits>(sum[6]));
      total = hn::Add(total, hn::ShiftRight<7 * kBits>(sum[7]));
    }
    return total;
  }

  const CenteredRow& row_;
  size_t ahead_;
};

}  // namespace lowbit::runtime::kernels::conv_u8::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif

#endif  // LOWBIT_RUNTIME_KERNELS_CONV_U8_ROW_OF_CODES_INL_H_
