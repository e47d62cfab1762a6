// Tables of sums of six bytes, and the sums that are looked up in them. Included once for each target, and empty for most.

#if defined(LOWBIT_RUNTIME_KERNELS_BINARY_U8_LOOK_UP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef LOWBIT_RUNTIME_KERNELS_BINARY_U8_LOOK_UP_INL_H_
#undef LOWBIT_RUNTIME_KERNELS_BINARY_U8_LOOK_UP_INL_H_
#else
#define LOWBIT_RUNTIME_KERNELS_BINARY_U8_LOOK_UP_INL_H_
#endif

#include <algorithm>
#include <cstring>

#include "hwy/highway.h"
#include "lowbit/runtime/kernels/binary_u8/kernel.h"

#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3

HWY_BEFORE_NAMESPACE();
namespace lowbit::runtime::kernels::binary_u8::HWY_NAMESPACE {

// Which bytes of six are added in word i: those j for which bit j of i is set. A byte for each of a pair.
struct BytesOfWords {
  alignas(64) int8_t pairs[3][64] = {};
  constexpr BytesOfWords() {
    for (int j = 0; j < BinaryConv::kGroup; ++j) {
      for (int i = 0; i < 32; ++i) pairs[j / 2][2 * i + j % 2] = static_cast<int8_t>(i >> j & 1);
    }
  }
};
inline constexpr BytesOfWords kBytesOfWords;

// Builds tables of the sums of six bytes.
class TableBuilder {
 public:
  TableBuilder()
      : first_(_mm512_load_si512(kBytesOfWords.pairs[0])),
        second_(_mm512_load_si512(kBytesOfWords.pairs[1])),
        third_(_mm512_load_si512(kBytesOfWords.pairs[2])),
        third_of_upper_(_mm512_or_si512(third_, _mm512_set1_epi16(0x100))) {}

  HWY_INLINE void Build(const uint8_t* six, uint16_t* HWY_RESTRICT to) const {
    const __m512i third = LoadPair(six + 4);
    const __m512i four =
        _mm512_add_epi16(_mm512_maddubs_epi16(LoadPair(six), first_), _mm512_maddubs_epi16(LoadPair(six + 2), second_));
    _mm512_store_si512(to, _mm512_add_epi16(four, _mm512_maddubs_epi16(third, third_)));
    _mm512_store_si512(to + 32, _mm512_add_epi16(four, _mm512_maddubs_epi16(third, third_of_upper_)));
  }

 private:
  static HWY_INLINE __m512i LoadPair(const uint8_t* at) {
    int16_t pair;
    std::memcpy(&pair, at, sizeof(pair));
    return _mm512_set1_epi16(pair);
  }

  __m512i first_, second_, third_, third_of_upper_;
};

// sum + table[index], words. Inline assembly, because g++ 12 moves accumulators around intrinsics.
HWY_INLINE __m512i AddLookedUp(__m512i lower, __m512i upper, __m512i index, __m512i sum) {
  __m512i found;
  asm("vmovdqa64 %2, %1\n\tvpermi2w %4, %3, %1\n\tvpaddw %1, %0, %0"
      : "+v"(sum), "=&v"(found)
      : "v"(index), "v"(lower), "v"(upper));
  return sum;
}

// A loop's variable bears no parentheses. The arrays of vectors below live in memory without the pragma.
// NOLINTNEXTLINE(bugprone-macro-parentheses)
#define LOWBIT_FOR_EACH(variable, count) _Pragma("GCC unroll 8") for (int variable = 0; variable < (count); ++variable)

// What pixels look up in a block.
struct LookUps {
  int64_t groups = 0;
  const uint16_t* indices = nullptr;  // Of the first pair, for the panel and its row of taps.
  const uint16_t* tables = nullptr;   // Of the first group; those of neighbouring pixels follow each other,
  int64_t pitch = 0;                  // those of the next group are so many words further.
};

// Adds kGroups groups of one pair.
template <int kShared, int kPixels, int kUsed, int kGroups>
HWY_INLINE void AddPair(const uint16_t* HWY_RESTRICT indices, const uint16_t* HWY_RESTRICT tables, int64_t pitch,
                        __m512i (&sum)[kPixels][kUsed]) {
  constexpr int kLanes = BinaryConv::kLanes;
  // Of one pixel, for which nothing else hides the way from the memory.
  constexpr int kBytesAhead = 1 << 14;
  __m512i index[kShared][kUsed];
  LOWBIT_FOR_EACH(s, kShared) {
    LOWBIT_FOR_EACH(v, kUsed) {
      const uint16_t* at = indices + s * BinaryConv::kPanelWidth + v * kLanes;
      index[s][v] = _mm512_load_si512(at);
      if (kPixels == 1) _mm_prefetch(reinterpret_cast<const char*>(at) + kBytesAhead, _MM_HINT_T1);
    }
  }
  LOWBIT_FOR_EACH(group, kGroups) {
    LOWBIT_FOR_EACH(x, kPixels + kShared - 1) {
      const uint16_t* table = tables + group * pitch + x * BinaryConv::kTable;
      const __m512i lower = _mm512_load_si512(table), upper = _mm512_load_si512(table + 32);
      LOWBIT_FOR_EACH(s, kShared) {
        if (x - s >= 0 && x - s < kPixels) {
          LOWBIT_FOR_EACH(v, kUsed) sum[x - s][v] = AddLookedUp(lower, upper, index[s][v], sum[x - s][v]);
        }
      }
    }
    if (group + 1 < kGroups) {
      LOWBIT_FOR_EACH(s, kShared) { LOWBIT_FOR_EACH(v, kUsed) index[s][v] = _mm512_srli_epi16(index[s][v], 8); }
    }
  }
}

// Adds to sums of kPixels pixels and kUsed vectors of a panel.
//   sums  for each vector its sums modulo 256, and then the rest of them divided by 256; a pixel's are `pitch` words apart.
//         begin: they are 0
template <int kShared, int kPixels, int kUsed>
HWY_NOINLINE void Accumulate(const LookUps& what, bool begin, int64_t pitch, uint16_t* HWY_RESTRICT sums) {
  constexpr int kLanes = BinaryConv::kLanes;
  __m512i sum[kPixels][kUsed];
  LOWBIT_FOR_EACH(r, kPixels) {
    LOWBIT_FOR_EACH(v, kUsed) {
      sum[r][v] = begin ? _mm512_setzero_si512() : _mm512_load_si512(sums + r * pitch + 2 * kLanes * v);
    }
  }
  const uint16_t *indices = what.indices, *tables = what.tables;
  for (int64_t pair = what.groups / 2; pair > 0; --pair) {
    AddPair<kShared, kPixels, kUsed, 2>(indices, tables, what.pitch, sum);
    indices += kShared * BinaryConv::kPanelWidth;
    tables += 2 * what.pitch;
  }
  if (what.groups % 2 == 1) AddPair<kShared, kPixels, kUsed, 1>(indices, tables, what.pitch, sum);
  LOWBIT_FOR_EACH(r, kPixels) {
    LOWBIT_FOR_EACH(v, kUsed) {
      uint16_t* at = sums + r * pitch + 2 * kLanes * v;
      __m512i high = _mm512_srli_epi16(sum[r][v], 8);
      if (!begin) high = _mm512_add_epi16(high, _mm512_load_si512(at + kLanes));
      _mm512_store_si512(at, _mm512_and_si512(sum[r][v], _mm512_set1_epi16(255)));
      _mm512_store_si512(at + kLanes, high);
    }
  }
}

template <int kShared, int kPixels>
void Accumulate(int64_t vectors, const LookUps& what, bool begin, int64_t pitch, uint16_t* sums) {
  switch (vectors) {
    case 1:
      return Accumulate<kShared, kPixels, 1>(what, begin, pitch, sums);
    case 2:
      return Accumulate<kShared, kPixels, 2>(what, begin, pitch, sums);
    case 3:
      return Accumulate<kShared, kPixels, 3>(what, begin, pitch, sums);
    case 4:
      return Accumulate<kShared, kPixels, 4>(what, begin, pitch, sums);
  }
}

// Of at most kMostPixels pixels.
template <int kShared>
void Accumulate(int64_t pixels, int64_t vectors, const LookUps& what, bool begin, int64_t pitch, uint16_t* sums) {
  static_assert(BinaryConv::kMostPixels == 4);
  switch (pixels) {
    case 1:
      return Accumulate<kShared, 1>(vectors, what, begin, pitch, sums);
    case 2:
      return Accumulate<kShared, 2>(vectors, what, begin, pitch, sums);
    case 3:
      return Accumulate<kShared, 3>(vectors, what, begin, pitch, sums);
    case 4:
      return Accumulate<kShared, 4>(vectors, what, begin, pitch, sums);
  }
}

#undef LOWBIT_FOR_EACH

// Of a pixel's bytes.
inline uint32_t SumOf(const uint8_t* bytes, int64_t count) {
  __m512i sums = _mm512_setzero_si512();
  int64_t i = 0;
  for (; i + 64 <= count; i += 64) {
    sums = _mm512_add_epi64(sums, _mm512_sad_epu8(_mm512_loadu_si512(bytes + i), _mm512_setzero_si512()));
  }
  int64_t sum = _mm512_reduce_add_epi64(sums);
  for (; i < count; ++i) sum += bytes[i];
  return static_cast<uint32_t>(sum);
}

// From sums of bytes times codes to those of products, as floats, of one vector's channels.
//   scales  slope and 256 * slope
//   added   what all channels have in common; starts: what they have not
inline void StoreTotals(const uint16_t* sums, __m512i scales, int32_t added, const int32_t* starts,
                        float* HWY_RESTRICT to) {
  const __m512i low = _mm512_load_si512(sums), high = _mm512_load_si512(sums + BinaryConv::kLanes);
  const auto store = [&](__m512i words, int at) {
    const __m512i both = _mm512_add_epi32(_mm512_loadu_si512(starts + at), _mm512_set1_epi32(added));
    _mm512_store_ps(to + at, _mm512_cvtepi32_ps(_mm512_add_epi32(_mm512_madd_epi16(words, scales), both)));
  };
  store(_mm512_unpacklo_epi16(low, high), 0);
  store(_mm512_unpackhi_epi16(low, high), 16);
}

}  // namespace lowbit::runtime::kernels::binary_u8::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif

#endif  // LOWBIT_RUNTIME_KERNELS_BINARY_U8_LOOK_UP_INL_H_
