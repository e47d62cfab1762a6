// Looking up bytes and words of 256 vectors in registers. Included once for each target, and empty for most.

#if defined(LOWBIT_RUNTIME_WORD_TABLE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef LOWBIT_RUNTIME_WORD_TABLE_INL_H_
#undef LOWBIT_RUNTIME_WORD_TABLE_INL_H_
#else
#define LOWBIT_RUNTIME_WORD_TABLE_INL_H_
#endif

#include <cstdint>

#include "hwy/highway.h"

#if HWY_TARGET == HWY_AVX3_DL

HWY_BEFORE_NAMESPACE();
namespace lowbit::runtime::HWY_NAMESPACE {

// One byte of all 256 vectors of a codebook, in registers, 64 vectors in each.
class PlaneTable {
 public:
  PlaneTable() = default;
  explicit PlaneTable(const uint8_t* plane) {
#pragma GCC unroll 16
    for (int i = 0; i < 4; ++i) table_[i] = _mm512_load_si512(plane + 64 * i);
  }

  // The byte of each code. upper: whether the code is 128 or more.
  HWY_INLINE __m512i LookUp(__m512i codes, __mmask64 upper) const {
    const __m512i below = _mm512_permutex2var_epi8(table_[0], codes, table_[1]);
    return _mm512_mask_blend_epi8(upper, below, _mm512_permutex2var_epi8(table_[2], codes, table_[3]));
  }

 private:
  __m512i table_[4];
};

// Four bytes of all 256 vectors, which make a word.
class WordTable {
 public:
  WordTable(const uint8_t* plane0, const uint8_t* plane1, const uint8_t* plane2, const uint8_t* plane3)
      : plane0_(plane0), plane1_(plane1), plane2_(plane2), plane3_(plane3) {}

  // The words of 32 codes at `a` and of 32 at `b`; all aligned.
  HWY_INLINE void LookUp(const uint8_t* a, const uint8_t* b, void* HWY_RESTRICT of_a, void* HWY_RESTRICT of_b) const {
    // Interleaving bytes works on parts of 16; here the codes go where they are together again afterwards.
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const __m256i low = _mm256_load_si256(reinterpret_cast<const __m256i*>(a));
    const __m256i high = _mm256_load_si256(reinterpret_cast<const __m256i*>(b));
    const __m512i codes = _mm512_permutexvar_epi32(order, _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1));
    const __mmask64 upper = _mm512_movepi8_mask(codes);
    const __m512i byte0 = plane0_.LookUp(codes, upper), byte1 = plane1_.LookUp(codes, upper);
    const __m512i byte2 = plane2_.LookUp(codes, upper), byte3 = plane3_.LookUp(codes, upper);
    const __m512i low01 = _mm512_unpacklo_epi8(byte0, byte1), low23 = _mm512_unpacklo_epi8(byte2, byte3);
    const __m512i high01 = _mm512_unpackhi_epi8(byte0, byte1), high23 = _mm512_unpackhi_epi8(byte2, byte3);
    uint8_t *to_a = static_cast<uint8_t*>(of_a), *to_b = static_cast<uint8_t*>(of_b);
    _mm512_store_si512(to_a, _mm512_unpacklo_epi16(low01, low23));
    _mm512_store_si512(to_a + 64, _mm512_unpackhi_epi16(low01, low23));
    _mm512_store_si512(to_b, _mm512_unpacklo_epi16(high01, high23));
    _mm512_store_si512(to_b + 64, _mm512_unpackhi_epi16(high01, high23));
  }

 private:
  PlaneTable plane0_, plane1_, plane2_, plane3_;
};

}  // namespace lowbit::runtime::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif

#endif  // LOWBIT_RUNTIME_WORD_TABLE_INL_H_
