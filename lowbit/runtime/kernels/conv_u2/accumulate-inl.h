// Sums of looked-up products. Included once for each target.

#if defined(LOWBIT_RUNTIME_KERNELS_CONV_U2_ACCUMULATE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef LOWBIT_RUNTIME_KERNELS_CONV_U2_ACCUMULATE_INL_H_
#undef LOWBIT_RUNTIME_KERNELS_CONV_U2_ACCUMULATE_INL_H_
#else
#define LOWBIT_RUNTIME_KERNELS_CONV_U2_ACCUMULATE_INL_H_
#endif

#include <algorithm>

#include "hwy/highway.h"
#include "lowbit/runtime/kernels/conv_u2/kernel.h"

HWY_BEFORE_NAMESPACE();
namespace lowbit::runtime::kernels::conv_u2::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using ByteTag = hn::ScalableTag<uint8_t>;
using ByteVector = hn::Vec<ByteTag>;

#if HWY_TARGET == HWY_AVX3_DL
inline constexpr int kIndexBits = 6;
#else
inline constexpr int kIndexBits = 4;
#endif

// Positions, of kShared look-ups each, whose sums fit into a byte; and such of which they fit into 16 bits.
template <int kShared>
int64_t PositionsOfByte(const CodeConv& conv) {
  return std::max<int64_t>(1, 255 / conv.tables.largest() / kShared);
}
template <int kShared>
int64_t PositionsOfWord(const CodeConv& conv) {
  return 255 * PositionsOfByte<kShared>(conv);
}

// Sums of channels c of a panel and pixels p, as floats, to where `sink` puts them.
//   indices  of the panel
//   codes    staged, of the first pixel's window; the next one's is `pitch` further
// kShared: taps side by side whose windows overlap, see CodeConv::shared; then pitch is that of neighbouring pixels.

// A block of sums: sums[p * lanes of a panel + c].
class SumSink {
 public:
  using Tag = hn::ScalableTag<int32_t>;
  using Vector = hn::Vec<Tag>;

  explicit SumSink(float* HWY_RESTRICT sums) : sums_(sums) {}
  float* sums() const { return sums_; }

  // Channels c, c + 1, ... of all pixels; sums of more terms than 16 bits hold come in several turns.
  class Channels {
   public:
    Channels(float* first, bool begin, bool end) : first_(first), begin_(begin), end_(end) {}
    HWY_INLINE void Store(int p, Vector total) const {
      const Tag d;
      const hn::ScalableTag<float> df;
      float* to = first_ + static_cast<size_t>(p) * 4 * hn::Lanes(d);
      if (!begin_) total = hn::Add(total, hn::Load(d, reinterpret_cast<const int32_t*>(to)));
      end_ ? hn::Store(hn::ConvertTo(df, total), df, to) : hn::Store(total, d, reinterpret_cast<int32_t*>(to));
    }

   private:
    float* first_;
    bool begin_, end_;
  };
  HWY_INLINE Channels At(size_t c, bool begin, bool end) const { return Channels(sums_ + c, begin, end); }

 private:
  float* sums_;
};

#if HWY_TARGET == HWY_SCALAR

template <int kShared, int kPixels>
void Accumulate(const CodeConv& conv, const uint8_t* indices, const uint16_t* codes, int64_t pitch,
                const SumSink& sink) {
  float* sums = sink.sums();
  for (int p = 0; p < kPixels; ++p) {
    int32_t sum = 0;
    for (int64_t i = 0; i < conv.LookUps(); ++i) {
      const uint16_t table = codes[conv.positions[static_cast<size_t>(i / kShared)] + (p + i % kShared) * pitch];
      const uint8_t entry = conv.tables.bytes()[conv.offsets[static_cast<size_t>(i / kShared)] + table + indices[i]];
      sum += (entry << conv.tables.unit_bits()) - conv.tables.bias();
    }
    sums[p] = static_cast<float>(sum);
  }
}

#else

#if HWY_TARGET == HWY_AVX3_DL

HWY_INLINE ByteVector LoadTable(const uint8_t* table) { return ByteVector{_mm512_load_si512(table)}; }

// Inline assembly, because g++ 12 moves accumulators around its intrinsics.
HWY_INLINE ByteVector AddLookedUp(ByteVector table, ByteVector indices, ByteVector sum) {
  __m512i found;
  asm("vpermb %2, %3, %1\n\tvpaddb %1, %0, %0" : "+v"(sum.raw), "=&v"(found) : "v"(table.raw), "v"(indices.raw));
  return sum;
}

#else

HWY_INLINE ByteVector LoadTable(const uint8_t* table) { return hn::LoadDup128(ByteTag(), table); }

HWY_INLINE ByteVector AddLookedUp(ByteVector table, ByteVector indices, ByteVector sum) {
  return hn::Add(sum, hn::TableLookupBytes(table, indices));
}

#endif

// The arrays of vectors below live in memory without these pragmas.
// A loop's variable bears no parentheses.
// NOLINTNEXTLINE(bugprone-macro-parentheses)
#define LOWBIT_FOR_EACH(variable, count) _Pragma("GCC unroll 16") for (int variable = 0; variable < (count); ++variable)

// Passes on quarter kQuarter of a panel's channels: those of even bytes are its lower half.
template <int kQuarter, int kPixels, class Words, class Sink>
HWY_INLINE void Widen(const CodeConv& conv, const Words* even, const Words* odd, int64_t lookups, bool begin, bool end,
                      const Sink& sink) {
  const hn::ScalableTag<int32_t> d;
  const hn::Half<hn::Repartition<uint16_t, ByteTag> > half;
  const int unit_bits = conv.tables.unit_bits();
  const auto bias = hn::Set(d, conv.tables.bias() * static_cast<int32_t>(lookups));
  const auto channels = sink.At(kQuarter * hn::Lanes(d), begin, end);
  LOWBIT_FOR_EACH(p, kPixels) {
    const Words words = kQuarter < 2 ? even[p] : odd[p];
    const auto part = kQuarter % 2 == 0 ? hn::LowerHalf(half, words) : hn::UpperHalf(half, words);
    channels.Store(p, hn::Sub(hn::ShiftLeftSame(hn::PromoteTo(d, part), unit_bits), bias));
  }
}

template <int kShared, int kPixels, class Sink>
HWY_NOINLINE void Accumulate(const CodeConv& conv, const uint8_t* HWY_RESTRICT indices,
                             const uint16_t* HWY_RESTRICT codes, int64_t pitch, const Sink sink) {
  const ByteTag d;
  const hn::Repartition<uint16_t, ByteTag> dw;
  using Words = hn::Vec<decltype(dw)>;
  const size_t lanes = hn::Lanes(d);
  const int32_t* HWY_RESTRICT positions = conv.positions.data();
  const int32_t* HWY_RESTRICT offsets = conv.offsets.data();
  const int64_t byte_run = PositionsOfByte<kShared>(conv), word_run = PositionsOfWord<kShared>(conv);
  const int64_t all = conv.LookUps() / kShared;
  for (int64_t i = 0, first = 0; i < all; first = i) {
    // Even bytes' sums plus 256 times the odd ones', modulo 2^16: cheaper than to part the even ones each time.
    Words both[kPixels], odd[kPixels];
    LOWBIT_FOR_EACH(p, kPixels) both[p] = odd[p] = hn::Zero(dw);
    const int64_t words_end = std::min(all, i + word_run);
    while (i < words_end) {
      ByteVector sum[kPixels];
      LOWBIT_FOR_EACH(p, kPixels) sum[p] = hn::Zero(d);
      const int64_t bytes_end = std::min(words_end, i + byte_run);
      for (; i < bytes_end; ++i, indices += kShared * lanes) {
        ByteVector index[kShared];
        LOWBIT_FOR_EACH(s, kShared) index[s] = hn::Load(d, indices + static_cast<size_t>(s) * lanes);
        const uint16_t* at = codes + positions[i];
        const uint8_t* tables = conv.tables.bytes() + offsets[i];
        LOWBIT_FOR_EACH(x, kPixels + kShared - 1) {
          const ByteVector table = LoadTable(tables + at[x * pitch]);
          LOWBIT_FOR_EACH(s, kShared) {
            if (x - s >= 0 && x - s < kPixels) sum[x - s] = AddLookedUp(table, index[s], sum[x - s]);
          }
        }
      }
      LOWBIT_FOR_EACH(p, kPixels) {
        const Words words = hn::BitCast(dw, sum[p]);
        both[p] = hn::Add(both[p], words);
        odd[p] = hn::Add(odd[p], hn::ShiftRight<8>(words));
      }
    }
    LOWBIT_FOR_EACH(p, kPixels) both[p] = hn::Sub(both[p], hn::ShiftLeft<8>(odd[p]));  // The even ones.
    const int64_t lookups = (i - first) * kShared;
    Widen<0, kPixels>(conv, both, odd, lookups, first == 0, i == all, sink);
    Widen<1, kPixels>(conv, both, odd, lookups, first == 0, i == all, sink);
    Widen<2, kPixels>(conv, both, odd, lookups, first == 0, i == all, sink);
    Widen<3, kPixels>(conv, both, odd, lookups, first == 0, i == all, sink);
  }
}

#undef LOWBIT_FOR_EACH

#endif

}  // namespace lowbit::runtime::kernels::conv_u2::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // LOWBIT_RUNTIME_KERNELS_CONV_U2_ACCUMULATE_INL_H_
