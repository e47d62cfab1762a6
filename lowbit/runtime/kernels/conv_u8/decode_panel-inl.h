// From codes of a codebook to the integers of a panel. Included once for each target.

#if defined(LOWBIT_RUNTIME_KERNELS_CONV_U8_DECODE_PANEL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef LOWBIT_RUNTIME_KERNELS_CONV_U8_DECODE_PANEL_INL_H_
#undef LOWBIT_RUNTIME_KERNELS_CONV_U8_DECODE_PANEL_INL_H_
#else
#define LOWBIT_RUNTIME_KERNELS_CONV_U8_DECODE_PANEL_INL_H_
#endif

#include <algorithm>
#include <cstring>

#include "hwy/highway.h"
#include "lowbit/runtime/byte_weights.h"
#include "lowbit/runtime/codebook_weights.h"
#include "lowbit/runtime/word_table-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lowbit::runtime::kernels::conv_u8::HWY_NAMESPACE {

using namespace ::lowbit::runtime::HWY_NAMESPACE;  // NOLINT: the shared parts of this target

// A panel as ByteWeights has it for 8 bits: quad q of the panel's channel c at 4 * (q * width + c).
class PanelDecoder {
 public:
  PanelDecoder(const CodebookWeights& weights, int64_t panel, uint8_t* out)
      : weights_(weights),
        panel_(panel),
        out_(out),
        width_(weights.PanelWidth()),
        channels_(weights.columns / weights.taps),
        quads_of_tap_(PaddedChannels(channels_) / 4) {}

  void Run() const {
    // Whole quads in registers, where there is code for such vectors; the rest one by one.
    const int64_t first_channel = DecodeQuads(channels_ / 4) * 4;
    if (first_channel == channels_) return;
    for (int64_t tap = 0; tap < weights_.taps; ++tap) {
      uint8_t* from = At(tap, first_channel / 4);
      std::memset(from, 0, static_cast<size_t>(At(tap, quads_of_tap_) - from));
      for (int64_t channel = first_channel; channel < channels_; ++channel) {
        weights_.IsWide() ? DecodeOne<uint16_t>(tap, channel) : DecodeOne<uint8_t>(tap, channel);
      }
    }
  }

 private:
  uint8_t* At(int64_t tap, int64_t quad) const { return out_ + 4 * (tap * quads_of_tap_ + quad) * width_; }
  const uint8_t* Plane(int64_t column) const {
    return weights_.planes.get() + column % weights_.block * weights_.PlaneBytes();
  }

  // One weight of each channel of the panel.
  template <typename Code>
  void DecodeOne(int64_t tap, int64_t channel) const {
    const int64_t column = channel * weights_.taps + tap;
    const uint8_t* HWY_RESTRICT plane = Plane(column);
    const Code* HWY_RESTRICT codes = weights_.Codes<Code>(panel_, column / weights_.block);
    uint8_t* HWY_RESTRICT to = At(tap, channel / 4) + channel % 4;
    for (int64_t c = 0; c < width_; ++c) to[4 * c] = plane[codes[c]];
  }

#if HWY_TARGET == HWY_AVX3_DL

  // The first `quads` of each tap; returns how many it could do. Vectors hold whole kernels of 1, 2 or 4 n channels.
  int64_t DecodeQuads(int64_t quads) const {
    const int64_t of_vector = weights_.block / weights_.taps;
    if (weights_.block % weights_.taps != 0 || weights_.IsWide()) return 0;
    if (of_vector % 4 == 0) return DecodeVectors(quads);
    if (of_vector == 1) return DecodeInterleaved<1>(quads);
    return of_vector == 2 ? DecodeInterleaved<2>(quads) : 0;
  }

  // A quad is part of one vector: a word of it.
  int64_t DecodeVectors(int64_t quads) const {
    const int64_t quads_of_vector = weights_.block / weights_.taps / 4;
    for (int64_t tap = 0; tap < weights_.taps; ++tap) {
      for (int64_t part = 0; part < quads_of_vector; ++part) {
        const int64_t word = 4 * part * weights_.taps + tap;
        const WordTable table(Plane(word), Plane(word + weights_.taps), Plane(word + 2 * weights_.taps),
                              Plane(word + 3 * weights_.taps));
        const int64_t vectors = quads / quads_of_vector;
        for (int64_t i = 0; i < vectors; i += 2) {
          const int64_t j = std::min(i + 1, vectors - 1);
          table.LookUp(weights_.Codes<uint8_t>(panel_, i), weights_.Codes<uint8_t>(panel_, j),
                       At(tap, i * quads_of_vector + part), At(tap, j * quads_of_vector + part));
        }
      }
    }
    return quads;
  }

  // A quad is of 4 vectors, or of 2 with two channels each. Codes are brought where their bytes will be, then looked up.
  template <int kOfVector>
  int64_t DecodeInterleaved(int64_t quads) const {
    constexpr int kCodes = 4 / kOfVector;  // In a quad.
    // Byte i of channel r comes from code i / kOfVector of the quad, which are 32 bytes each.
    alignas(64) uint8_t order[64];
    for (int i = 0; i < 64; ++i) order[i] = static_cast<uint8_t>(i % 4 / kOfVector * 32 + i / 4);
    const __m512i low = _mm512_load_si512(order), high = _mm512_add_epi8(low, _mm512_set1_epi8(16));
    for (int64_t tap = 0; tap < weights_.taps; ++tap) {
      const PlaneTable even(Plane(tap)), odd(Plane(kOfVector == 2 ? tap + weights_.taps : tap));
      for (int64_t quad = 0; quad < quads; ++quad) {
        const uint8_t* codes = weights_.Codes<uint8_t>(panel_, quad * kCodes);
        const __m512i first = _mm512_loadu_si512(codes);
        const __m512i second = kCodes == 4 ? _mm512_loadu_si512(codes + 64) : first;
        uint8_t* to = At(tap, quad);
        Store<kOfVector>(even, odd, _mm512_permutex2var_epi8(first, low, second), to);
        Store<kOfVector>(even, odd, _mm512_permutex2var_epi8(first, high, second), to + 64);
      }
    }
    return quads;
  }

  template <int kOfVector>
  static HWY_INLINE void Store(const PlaneTable& even, const PlaneTable& odd, __m512i codes, uint8_t* to) {
    const __mmask64 upper = _mm512_movepi8_mask(codes);
    __m512i bytes = even.LookUp(codes, upper);
    if (kOfVector == 2) bytes = _mm512_mask_blend_epi8(0xAAAAAAAAAAAAAAAAu, bytes, odd.LookUp(codes, upper));
    _mm512_store_si512(to, bytes);
  }

#else

  static int64_t DecodeQuads(int64_t) { return 0; }

#endif

  const CodebookWeights& weights_;
  int64_t panel_;
  uint8_t* out_;
  int64_t width_, channels_, quads_of_tap_;
};

// REQUIRES: layout kBytes
inline void DecodePanel(const CodebookWeights& weights, int64_t panel, uint8_t* out) {
  PanelDecoder(weights, panel, out).Run();
}

}  // namespace lowbit::runtime::kernels::conv_u8::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // LOWBIT_RUNTIME_KERNELS_CONV_U8_DECODE_PANEL_INL_H_
