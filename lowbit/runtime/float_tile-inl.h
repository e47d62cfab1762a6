// The inner loop of products of floats. Included once for each target.

#if defined(LOWBIT_RUNTIME_FLOAT_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef LOWBIT_RUNTIME_FLOAT_TILE_INL_H_
#undef LOWBIT_RUNTIME_FLOAT_TILE_INL_H_
#else
#define LOWBIT_RUNTIME_FLOAT_TILE_INL_H_
#endif

#include <algorithm>

#include "hwy/highway.h"
#include "lowbit/runtime/decode-inl.h"
#include "lowbit/runtime/float_tile.h"

HWY_BEFORE_NAMESPACE();
namespace lowbit::runtime::HWY_NAMESPACE {

// Accumulators, weights, a table and an activation must fit into the registers: 32 of them, or 16.
#if HWY_TARGET == HWY_SSSE3 || HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_AVX2
inline constexpr int kMostTilePixels = 4;
inline constexpr int kNarrowPanels = 2;
#else
inline constexpr int kMostTilePixels = 12;
inline constexpr int kNarrowPanels = 4;
#endif

// Copies `count` floats into a row of a patch. Where the instruction set reads part of a vector for free, whole vectors are
// written: up to one of zeros behind them, for which rows have room, and which the next copy into the row overwrites.
HWY_INLINE void CopyToPatch(const float* HWY_RESTRICT from, int64_t count, float* HWY_RESTRICT to) {
  const FloatTag d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(hn::LoadU(d, from + i), d, to + i);
#if !HWY_MEM_OPS_MIGHT_FAULT && !HWY_HAVE_SCALABLE
  if (i < count) hn::StoreU(hn::MaskedLoad(hn::FirstN(d, static_cast<size_t>(count - i)), d, from + i), d, to + i);
#else
  for (; i < count; ++i) to[i] = from[i];
#endif
}

// Adds k_count terms of kRows pixels and kPanels panels to their sums.
//   patch  [kRows][kPatchPitch] activations
//   words  the first panel's packed words of these terms; the next panel's are panel_words further
//   sums   [kPanels][kRows][kPanelVectors * lanes]; not read if `first`
// kUsed: vectors of a panel that hold channels; a last panel may be half empty.
template <class Decoder, int kRows, int kPanels, int kUsed>
HWY_NOINLINE void Accumulate(const Decoder decoder, const float* HWY_RESTRICT patch, int64_t first_k, int64_t k_count,
                             const uint32_t* HWY_RESTRICT words, size_t panel_words, bool first,
                             float* HWY_RESTRICT sums) {
  constexpr int kVectors = kPanels * kUsed;
  const FloatTag d;
  const WordTag dw;
  const size_t lanes = hn::Lanes(d);
  FloatVector sum[kRows][kVectors];
  // Without these pragmas the arrays of vectors live in memory.
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) {
      const size_t at = static_cast<size_t>(v / kUsed * kRows + r) * kPanelVectors + v % kUsed;
      sum[r][v] = first ? hn::Zero(d) : hn::Load(d, sums + at * lanes);
    }
  }
  for (int64_t k = 0; k < k_count;) {
    WordVector packed[kVectors];
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) packed[v] = hn::Load(dw, words + v / kUsed * panel_words + v % kUsed * lanes);
    words += kPanelVectors * lanes;
    const int64_t end = std::min<int64_t>(k_count, k + Decoder::kPerWord);
    for (; k < end; ++k) {
      FloatVector value[kVectors];
#pragma GCC unroll 16
      for (int v = 0; v < kVectors; ++v) {
        value[v] = decoder.Value(packed[v], first_k + k);
        packed[v] = decoder.Next(packed[v]);
      }
#pragma GCC unroll 16
      for (int r = 0; r < kRows; ++r) {
        const FloatVector x = hn::Set(d, patch[r * kPatchPitch + k]);
#pragma GCC unroll 16
        for (int v = 0; v < kVectors; ++v) sum[r][v] = hn::MulAdd(x, value[v], sum[r][v]);
      }
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) {
      const size_t at = static_cast<size_t>(v / kUsed * kRows + r) * kPanelVectors + v % kUsed;
      hn::Store(sum[r][v], d, sums + at * lanes);
    }
  }
}

}  // namespace lowbit::runtime::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // LOWBIT_RUNTIME_FLOAT_TILE_INL_H_
