// From codes to weights. Included once for each target.

#if defined(LOWBIT_RUNTIME_KERNELS_CONV_CODEBOOK_LOOK_UP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef LOWBIT_RUNTIME_KERNELS_CONV_CODEBOOK_LOOK_UP_INL_H_
#undef LOWBIT_RUNTIME_KERNELS_CONV_CODEBOOK_LOOK_UP_INL_H_
#else
#define LOWBIT_RUNTIME_KERNELS_CONV_CODEBOOK_LOOK_UP_INL_H_
#endif

#include "hwy/highway.h"
#include "lowbit/runtime/codebook_weights.h"
#include "lowbit/runtime/decode-inl.h"
#include "lowbit/runtime/kernels/conv_codebook/place.h"
#include "lowbit/runtime/word_table-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lowbit::runtime::kernels::conv_codebook::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using namespace ::lowbit::runtime::HWY_NAMESPACE;  // NOLINT: the shared parts of this target

// out[place.term * PanelWidth() + channel] = the weight, for each place. REQUIRES: layout kWords
template <typename Code>
void LookUpWords(const CodebookWeights& weights, int64_t panel, const Place* places, int count,
                 float* HWY_RESTRICT out) {
  const FloatTag d;
  const hn::RebindToSigned<FloatTag> di;
  const size_t lanes = hn::Lanes(d);
  for (int i = 0; i < count; ++i) {
    const Code* codes = weights.Codes<Code>(panel, places[i].code);
    const float* table = weights.words.get() + places[i].word * weights.count;
    float* to = out + static_cast<int64_t>(places[i].term) * weights.PanelWidth();
    for (size_t v = 0; v < kPanelVectors; ++v) {
      const auto index = hn::PromoteTo(di, hn::LoadU(hn::Rebind<Code, FloatTag>(), codes + v * lanes));
      hn::Store(hn::GatherIndex(d, table, index), d, to + v * lanes);
    }
  }
}

#if HWY_TARGET == HWY_AVX3_DL

inline constexpr bool kLooksUpPlanes = true;

// The same. REQUIRES: layout kPlanes; places with the same word follow each other
inline void LookUpPlanes(const CodebookWeights& weights, int64_t panel, const Place* places, int count,
                         float* HWY_RESTRICT out) {
  constexpr int64_t kWidth = 32;
  for (int i = 0; i < count;) {
    const int32_t word = places[i].word;
    const uint8_t* planes = weights.planes.get() + static_cast<int64_t>(word) * 4 * 256;
    const WordTable table(planes, planes + 256, planes + 512, planes + 768);
    while (i < count && places[i].word == word) {
      const int other = i + 1 < count && places[i + 1].word == word ? i + 1 : i;
      table.LookUp(weights.Codes<uint8_t>(panel, places[i].code), weights.Codes<uint8_t>(panel, places[other].code),
                   out + places[i].term * kWidth, out + places[other].term * kWidth);
      i = other + 1;
    }
  }
}

#else

inline constexpr bool kLooksUpPlanes = false;
inline void LookUpPlanes(const CodebookWeights&, int64_t, const Place*, int, float*) {}

#endif

#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3

inline constexpr bool kTransposesVectors = true;

// Four words of the vectors of 16 codes: word w of code c to to[w * 32 + c]. `words`: those of code 0, aligned to 16 bytes.
template <typename Code>
HWY_INLINE void TransposeQuads(const float* HWY_RESTRICT words, size_t stride, const Code* HWY_RESTRICT codes,
                               float* HWY_RESTRICT to) {
  constexpr int64_t kWidth = 32;
  const auto quad = [&](int c) { return _mm_load_ps(words + codes[c] * stride); };
  // Of every fourth code: the words of four neighbours are then transposed within the quarters of a vector.
  const auto quads = [&](int c) {
    __m512 q = _mm512_castps128_ps512(quad(c));
    q = _mm512_mask_broadcast_f32x4(q, 0x00F0, quad(c + 4));
    q = _mm512_mask_broadcast_f32x4(q, 0x0F00, quad(c + 8));
    return _mm512_mask_broadcast_f32x4(q, 0xF000, quad(c + 12));
  };
  const __m512 a = quads(0), b = quads(1), c = quads(2), d = quads(3);
  const __m512d low_ab = _mm512_castps_pd(_mm512_unpacklo_ps(a, b)),
                low_cd = _mm512_castps_pd(_mm512_unpacklo_ps(c, d));
  const __m512d high_ab = _mm512_castps_pd(_mm512_unpackhi_ps(a, b)),
                high_cd = _mm512_castps_pd(_mm512_unpackhi_ps(c, d));
  _mm512_store_ps(to, _mm512_castpd_ps(_mm512_unpacklo_pd(low_ab, low_cd)));
  _mm512_store_ps(to + kWidth, _mm512_castpd_ps(_mm512_unpackhi_pd(low_ab, low_cd)));
  _mm512_store_ps(to + 2 * kWidth, _mm512_castpd_ps(_mm512_unpacklo_pd(high_ab, high_cd)));
  _mm512_store_ps(to + 3 * kWidth, _mm512_castpd_ps(_mm512_unpackhi_pd(high_ab, high_cd)));
}

// out[term * PanelWidth() + channel] = the weight, for terms which are the words of `count` codes from number `first` on.
// REQUIRES: layout kVectors, a block that is a multiple of four
template <int kStride, typename Code>
HWY_NOINLINE void TransposeVectors(const CodebookWeights& weights, int64_t panel, int64_t first, int64_t count,
                                   float* HWY_RESTRICT out) {
  const float* words = weights.words.get();
  const int64_t width = weights.PanelWidth(), stride = kStride == 0 ? weights.stride : kStride;
  const Code* codes = weights.Codes<Code>(panel, first);
  for (int64_t i = 0; i < count; ++i, codes += width) {
    for (int64_t word = 0; word < stride; word += 4, out += 4 * width) {
      TransposeQuads(words + word, static_cast<size_t>(stride), codes, out);
      TransposeQuads(words + word, static_cast<size_t>(stride), codes + 16, out + 16);
    }
  }
}

template <typename Code>
void LookUpVectorsOf(const CodebookWeights& weights, int64_t panel, int64_t first, int64_t count, float* out) {
  if (weights.stride == 4) return TransposeVectors<4, Code>(weights, panel, first, count, out);
  weights.stride == 8 ? TransposeVectors<8, Code>(weights, panel, first, count, out)
                      : TransposeVectors<0, Code>(weights, panel, first, count, out);
}

inline void LookUpVectors(const CodebookWeights& weights, int64_t panel, int64_t first, int64_t count, float* out) {
  weights.IsWide() ? LookUpVectorsOf<uint16_t>(weights, panel, first, count, out)
                   : LookUpVectorsOf<uint8_t>(weights, panel, first, count, out);
}

#else

inline constexpr bool kTransposesVectors = false;
inline void LookUpVectors(const CodebookWeights&, int64_t, int64_t, int64_t, float*) {}

#endif

// REQUIRES: layout kWords or kPlanes
inline void LookUp(const CodebookWeights& weights, int64_t panel, const Place* places, int count, float* out) {
  if (weights.layout == CodebookLayout::kPlanes) return LookUpPlanes(weights, panel, places, count, out);
  weights.IsWide() ? LookUpWords<uint16_t>(weights, panel, places, count, out)
                   : LookUpWords<uint8_t>(weights, panel, places, count, out);
}

}  // namespace lowbit::runtime::kernels::conv_codebook::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // LOWBIT_RUNTIME_KERNELS_CONV_CODEBOOK_LOOK_UP_INL_H_
