// Dot products of bytes. Included once for each target.

#if defined(LOWBIT_RUNTIME_DOT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef LOWBIT_RUNTIME_DOT_INL_H_
#undef LOWBIT_RUNTIME_DOT_INL_H_
#else
#define LOWBIT_RUNTIME_DOT_INL_H_
#endif

#include <cstring>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace lowbit::runtime::HWY_NAMESPACE {

using SumTag = hwy::HWY_NAMESPACE::ScalableTag<int32_t>;
using SumVector = hwy::HWY_NAMESPACE::Vec<SumTag>;

#if HWY_ARCH_X86 && HWY_TARGET <= HWY_SSSE3
#if HWY_TARGET <= HWY_AVX3
#define LOWBIT_X86(operation) _mm512_##operation
#elif HWY_TARGET == HWY_AVX2
#define LOWBIT_X86(operation) _mm256_##operation
#else
#define LOWBIT_X86(operation) _mm_##operation
#endif
#endif

// a * b of integers of 16 bits in lanes of 32.
HWY_INLINE SumVector MulSmall(SumVector a, SumVector b) {
#if defined(LOWBIT_X86)  // One fast instruction: in pairs of 16 bits, of which the upper of `a` counts for nothing.
  const SumVector low = hwy::HWY_NAMESPACE::And(a, hwy::HWY_NAMESPACE::Set(SumTag(), 0xFFFF));
  return SumVector{LOWBIT_X86(madd_epi16)(low.raw, b.raw)};
#else
  return hwy::HWY_NAMESPACE::Mul(a, b);
#endif
}

// sum, and in each 32-bit lane the four products of its unsigned bytes of a with its signed bytes of w. Exact.
// kNarrow: every |w| is at most 64, which saves the processors that add pairs in 16 bits some work.
#if HWY_TARGET == HWY_AVX3_DL

// Inline assembly, because g++ 12 moves accumulators around its intrinsic.
template <bool kNarrow>
HWY_INLINE SumVector AddDot(SumVector a, SumVector w, SumVector sum) {
  asm("vpdpbusd %2, %1, %0" : "+v"(sum.raw) : "v"(a.raw), "v"(w.raw));
  return sum;
}

#elif defined(LOWBIT_X86)

template <bool kNarrow>
HWY_INLINE SumVector AddDot(SumVector a, SumVector w, SumVector sum) {
  if (kNarrow) {  // 2 * 255 * 64 fits into 16 bits.
    const auto pairs = LOWBIT_X86(maddubs_epi16)(a.raw, w.raw);
    return SumVector{LOWBIT_X86(add_epi32)(sum.raw, LOWBIT_X86(madd_epi16)(pairs, LOWBIT_X86(set1_epi16)(1)))};
  }
  const auto even = LOWBIT_X86(madd_epi16)(LOWBIT_X86(srli_epi16)(LOWBIT_X86(slli_epi16)(a.raw, 8), 8),
                                           LOWBIT_X86(srai_epi16)(LOWBIT_X86(slli_epi16)(w.raw, 8), 8));
  const auto odd = LOWBIT_X86(madd_epi16)(LOWBIT_X86(srli_epi16)(a.raw, 8), LOWBIT_X86(srai_epi16)(w.raw, 8));
  return SumVector{LOWBIT_X86(add_epi32)(sum.raw, LOWBIT_X86(add_epi32)(even, odd))};
}

#else

template <bool kNarrow>
HWY_INLINE SumVector AddDot(SumVector a, SumVector w, SumVector sum) {
  namespace hn = hwy::HWY_NAMESPACE;
  const SumTag d;
  const auto byte = hn::Set(d, 255);
  sum = hn::Add(sum, hn::Mul(hn::And(a, byte), hn::ShiftRight<24>(hn::ShiftLeft<24>(w))));
  sum = hn::Add(sum, hn::Mul(hn::And(hn::ShiftRight<8>(a), byte), hn::ShiftRight<24>(hn::ShiftLeft<16>(w))));
  sum = hn::Add(sum, hn::Mul(hn::And(hn::ShiftRight<16>(a), byte), hn::ShiftRight<24>(hn::ShiftLeft<8>(w))));
  return hn::Add(sum, hn::Mul(hn::And(hn::ShiftRight<24>(a), byte), hn::ShiftRight<24>(w)));
}

#endif

// The four bytes at `at`, in each lane.
HWY_INLINE SumVector LoadQuad(const uint8_t* at) {
  int32_t quad;
  std::memcpy(&quad, at, sizeof(quad));
  return hwy::HWY_NAMESPACE::Set(SumTag(), quad);
}

#undef LOWBIT_X86

}  // namespace lowbit::runtime::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // LOWBIT_RUNTIME_DOT_INL_H_
