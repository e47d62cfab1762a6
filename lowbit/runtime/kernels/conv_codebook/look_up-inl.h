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

inline void LookUp(const CodebookWeights& weights, int64_t panel, const Place* places, int count, float* out) {
  if (weights.layout == CodebookLayout::kPlanes) return LookUpPlanes(weights, panel, places, count, out);
  weights.IsWide() ? LookUpWords<uint16_t>(weights, panel, places, count, out)
                   : LookUpWords<uint8_t>(weights, panel, places, count, out);
}

}  // namespace lowbit::runtime::kernels::conv_codebook::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // LOWBIT_RUNTIME_KERNELS_CONV_CODEBOOK_LOOK_UP_INL_H_
