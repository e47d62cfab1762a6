// Dot products of bytes. Included once for each target.

#if defined(LOWBIT_RUNTIME_DOT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef LOWBIT_RUNTIME_DOT_INL_H_
#undef LOWBIT_RUNTIME_DOT_INL_H_
#else
#define LOWBIT_RUNTIME_DOT_INL_H_
#endif

#include <cstring>

#include "hwy/highway.h"
#include "lowbit/runtime/quad_dots.h"

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

// Kinds of dot products. A kind D has
//   D::Operand(a)                    what stands for unsigned bytes a: those of a - kDotCenter
//   D::Add<kNarrow>(operand, w, sum) sum, and in each 32-bit lane the four products of the operand's bytes with the signed
//                                    bytes w. Exact. kNarrow: every |w| is at most 64, which saves some work where pairs
//                                    are added in 16 bits
// WithDots(f) calls f with the best kind that this processor has.
#if HWY_TARGET == HWY_NEON && HWY_ARCH_ARM_A64

// Both operands are signed.
inline constexpr int32_t kDotCenter = 128;

struct SignedDots {
  static HWY_INLINE SumVector Operand(SumVector a) {
    return hwy::HWY_NAMESPACE::Xor(a, hwy::HWY_NAMESPACE::Set(SumTag(), static_cast<int32_t>(0x80808080u)));
  }
};

// Products and pairs of them in 16 bits.
struct PairwiseDots : SignedDots {
  template <bool kNarrow>
  static HWY_INLINE SumVector Add(SumVector operand, SumVector weights, SumVector sum) {
    const int8x16_t a = vreinterpretq_s8_s32(operand.raw), w = vreinterpretq_s8_s32(weights.raw);
    const int16x8_t low = vmull_s8(vget_low_s8(a), vget_low_s8(w)), high = vmull_high_s8(a, w);
    // 2 * 128 * 64 fits into 16 bits, 2 * 128 * 128 does not.
    if (kNarrow) return SumVector(vpadalq_s16(sum.raw, vpaddq_s16(low, high)));
    return SumVector(vaddq_s32(sum.raw, vpaddq_s32(vpaddlq_s16(low), vpaddlq_s16(high))));
  }
};

// The instruction of ARMv8.2, which Highway's target does not ask for.
struct QuadDots : SignedDots {
  template <bool kNarrow>
  static HWY_INLINE SumVector Add(SumVector operand, SumVector weights, SumVector sum) {
    asm(".arch armv8.2-a+crypto+dotprod\n\tsdot %0.4s, %1.16b, %2.16b"
        : "+w"(sum.raw)
        : "w"(operand.raw), "w"(weights.raw));
    return sum;
  }
};

template <class Function>
HWY_INLINE void WithDots(const Function& function) {
  HasQuadDots() ? function(QuadDots()) : function(PairwiseDots());
}

#else

inline constexpr int32_t kDotCenter = 0;

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

struct ByteDots {
  static HWY_INLINE SumVector Operand(SumVector a) { return a; }
  template <bool kNarrow>
  static HWY_INLINE SumVector Add(SumVector operand, SumVector weights, SumVector sum) {
    return AddDot<kNarrow>(operand, weights, sum);
  }
};

template <class Function>
HWY_INLINE void WithDots(const Function& function) {
  function(ByteDots());
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
