// One row of bytes times weights whose codes lie on a line. Included once for each target, and empty for most.

#if defined(LOWBIT_RUNTIME_KERNELS_CONV_U8_ROW_OF_CODES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef LOWBIT_RUNTIME_KERNELS_CONV_U8_ROW_OF_CODES_INL_H_
#undef LOWBIT_RUNTIME_KERNELS_CONV_U8_ROW_OF_CODES_INL_H_
#else
#define LOWBIT_RUNTIME_KERNELS_CONV_U8_ROW_OF_CODES_INL_H_
#endif

#include "hwy/highway.h"
#include "lowbit/runtime/dot-inl.h"
#include "lowbit/runtime/kernels/conv_u8/kernel.h"

#if HWY_TARGET == HWY_AVX3_DL

HWY_BEFORE_NAMESPACE();
namespace lowbit::runtime::kernels::conv_u8::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using namespace ::lowbit::runtime::HWY_NAMESPACE;  // NOLINT: the shared parts of this target

// One row of a matrix times a group of panels whose codes lie on a line: codes are multiplied where they are in their
// bytes, one And before each dot product, and the sums of each place shifted at the end.
//
//   sum a w = slope * sum s c + base * sum s + (128 - offset) * sum w,  where s = byte - 128 and c = code
template <int kBits>
class RowOfCodes {
 public:
  static constexpr int kPlaces = 8 / kBits;
  static constexpr int kVectors = 16 / kPlaces;  // So many sums hide the latency, and fit into the registers.
  static constexpr int kPanels = kVectors / kPanelVectors;

  RowOfCodes(const ByteConv& conv, const uint8_t* row) : weights_(conv.weights[0]), row_(row) {
    factor_of_sum_ = 128 - conv.input_offset;
    for (int64_t i = 0; i < 4 * weights_.quads; ++i) sum_ += row[i] - 128;
  }

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
    const int64_t full = weights_.quads / kPlaces;
    for (int64_t word = 0; word < full; ++word) Add<kPlaces>(words, word, kPlaces, sum);
    if (full * kPlaces < weights_.quads) Add<kPlaces>(words, full, weights_.quads - full * kPlaces, sum);
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) {
      const SumVector of_weights = hn::LoadU(d, sums_of_weights + static_cast<size_t>(v) * lanes);
      SumVector total = hn::Add(hn::Mul(hn::Set(d, weights_.slope), Total(sum[v])), hn::Set(d, weights_.base * sum_));
      total = hn::Add(total, hn::Mul(hn::Set(d, factor_of_sum_), of_weights));
      hn::Store(hn::ConvertTo(hn::RebindToFloat<SumTag>(), total), hn::RebindToFloat<SumTag>(),
                out + static_cast<size_t>(v) * lanes);
    }
  }

 private:
  // The first `places` quads of a word.
  template <int kPlaces_>
  HWY_INLINE void Add(const uint8_t* words, int64_t word, int64_t places, SumVector (&sum)[kVectors][kPlaces_]) const {
    const SumTag d;
    const size_t lanes = hn::Lanes(d), panel_bytes = weights_.PanelBytes();
    const SumVector sign = hn::Set(d, static_cast<int32_t>(0x80808080u));
    SumVector packed[kVectors];
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) {
      const uint8_t* at = words + static_cast<size_t>(v / kPanelVectors) * panel_bytes +
                          (static_cast<size_t>(word) * kPanelVectors + v % kPanelVectors) * 4 * lanes;
      packed[v] = hn::Load(d, reinterpret_cast<const int32_t*>(at));
    }
#pragma GCC unroll 16
    for (int p = 0; p < kPlaces; ++p) {
      if (p >= places) break;
      const SumVector s = hn::Xor(LoadQuad(row_ + 4 * (word * kPlaces + p)), sign);
      const SumVector mask = hn::Set(d, static_cast<int32_t>(0x01010101u * (((1u << kBits) - 1) << (p * kBits))));
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

  const ByteWeights& weights_;
  const uint8_t* row_;
  int32_t sum_ = 0, factor_of_sum_;
};

}  // namespace lowbit::runtime::kernels::conv_u8::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif

#endif  // LOWBIT_RUNTIME_KERNELS_CONV_U8_ROW_OF_CODES_INL_H_
