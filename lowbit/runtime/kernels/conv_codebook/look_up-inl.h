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

// One word of all 256 vectors, in registers: byte by byte, 64 vectors in each.
class WordTable {
 public:
  explicit WordTable(const uint8_t* planes) {
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i) table_[i] = _mm512_load_si512(planes + 64 * i);
  }

  // The words of 32 codes at `a` and of 32 at `b`.
  HWY_INLINE void LookUp(const uint8_t* a, const uint8_t* b, float* HWY_RESTRICT of_a, float* HWY_RESTRICT of_b) const {
    // Interleaving bytes works on parts of 16; here the codes go where they are together again afterwards.
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const __m256i low = _mm256_load_si256(reinterpret_cast<const __m256i*>(a));
    const __m256i high = _mm256_load_si256(reinterpret_cast<const __m256i*>(b));
    const __m512i codes = _mm512_permutexvar_epi32(order, _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1));
    const __mmask64 upper = _mm512_movepi8_mask(codes);
    const __m512i byte0 = Plane(0, codes, upper), byte1 = Plane(1, codes, upper);
    const __m512i byte2 = Plane(2, codes, upper), byte3 = Plane(3, codes, upper);
    const __m512i low01 = _mm512_unpacklo_epi8(byte0, byte1), low23 = _mm512_unpacklo_epi8(byte2, byte3);
    const __m512i high01 = _mm512_unpackhi_epi8(byte0, byte1), high23 = _mm512_unpackhi_epi8(byte2, byte3);
    _mm512_store_si512(of_a, _mm512_unpacklo_epi16(low01, low23));
    _mm512_store_si512(of_a + 16, _mm512_unpackhi_epi16(low01, low23));
    _mm512_store_si512(of_b, _mm512_unpacklo_epi16(high01, high23));
    _mm512_store_si512(of_b + 16, _mm512_unpackhi_epi16(high01, high23));
  }

 private:
  HWY_INLINE __m512i Plane(int p, __m512i codes, __mmask64 upper) const {
    const __m512i below = _mm512_permutex2var_epi8(table_[4 * p], codes, table_[4 * p + 1]);
    return _mm512_mask_blend_epi8(upper, below, _mm512_permutex2var_epi8(table_[4 * p + 2], codes, table_[4 * p + 3]));
  }

  __m512i table_[16];
};

// The same. REQUIRES: layout kPlanes; places with the same word follow each other
inline void LookUpPlanes(const CodebookWeights& weights, int64_t panel, const Place* places, int count,
                         float* HWY_RESTRICT out) {
  constexpr int64_t kWidth = 32;
  for (int i = 0; i < count;) {
    const int32_t word = places[i].word;
    const WordTable table(weights.planes.get() + static_cast<int64_t>(word) * 4 * 256);
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

inline void LookUp(const CodebookWeights& weights, int64_t panel, const Place* places, int count, float* out) {
  if (weights.layout == CodebookLayout::kPlanes) return LookUpPlanes(weights, panel, places, count, out);
  weights.IsWide() ? LookUpWords<uint16_t>(weights, panel, places, count, out)
                   : LookUpWords<uint8_t>(weights, panel, places, count, out);
}

}  // namespace lowbit::runtime::kernels::conv_codebook::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // LOWBIT_RUNTIME_KERNELS_CONV_CODEBOOK_LOOK_UP_INL_H_
