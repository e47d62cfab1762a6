// From bytes to positions of tables. Included once for each target.

#if defined(LOWBIT_RUNTIME_KERNELS_CONV_U2_STAGE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef LOWBIT_RUNTIME_KERNELS_CONV_U2_STAGE_INL_H_
#undef LOWBIT_RUNTIME_KERNELS_CONV_U2_STAGE_INL_H_
#else
#define LOWBIT_RUNTIME_KERNELS_CONV_U2_STAGE_INL_H_
#endif

#include <algorithm>
#include <cstring>

#include "hwy/highway.h"
#include "lowbit/runtime/kernels/conv_u2/kernel.h"

HWY_BEFORE_NAMESPACE();
namespace lowbit::runtime::kernels::conv_u2::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// The codes of a pixel, times the size of a table: position i is that of channels [i * group, i * group + group). Channels
// of the last group that the pixel lacks may be anything. Writes whole vectors: up to 64 codes beyond the last.
#if HWY_TARGET == HWY_SCALAR

class CodeWriter {
 public:
  explicit CodeWriter(const CodeConv& conv) : conv_(conv) {}
  void Write(const uint8_t* pixel, uint16_t* to) const {
    const ProductTables& tables = conv_.tables;
    const int64_t channels = conv_.shape.GroupInputs();
    for (int64_t first = 0; first < channels; first += tables.channels(), ++to) {
      int code = 0;
      for (int64_t c = first; c < std::min(channels, first + tables.channels()); ++c) {
        code |= pixel[c] / conv_.input_step << ((c - first) * tables.activation_bits());
      }
      *to = static_cast<uint16_t>(code << tables.shift());
    }
  }

 private:
  const CodeConv& conv_;
};

#elif HWY_TARGET == HWY_AVX3_DL

// 48 channels at a time: groups of 6 of one bit, of 3 of at most two.
class CodeWriter {
 public:
  explicit CodeWriter(const CodeConv& conv) {
    const int64_t channels = conv.shape.GroupInputs();
    whole_ = channels / kBlock * kBlock;
    rest_ = (uint64_t{1} << (channels - whole_)) - 1;
    six_ = conv.tables.channels() == 6;
    LOWBIT_CHECK(six_ || conv.tables.channels() == 3);
    LOWBIT_CHECK(conv.tables.shift() == 6);
    // Places of two bits whose values are 0 and 2 already are where those of a bit and step 2 belong, one too high.
    down_ = static_cast<unsigned>(conv.input_step - 1);
    gap_ = static_cast<unsigned>(8 - conv.tables.activation_bits());
    mask_ = (1u << (3 * conv.tables.activation_bits())) - 1;
  }

  HWY_INLINE void Write(const uint8_t* pixel, uint16_t* to) const {
    six_ ? WriteSixes(pixel, to) : WriteThrees(pixel, to);
  }

 private:
  static constexpr int64_t kBlock = 48;

  HWY_INLINE void WriteSixes(const uint8_t* pixel, uint16_t* to) const {
    for (const uint8_t* end = pixel + whole_; pixel < end; pixel += kBlock, to += kBlock / 6) {
      StoreSixes(_mm512_maskz_loadu_epi8((uint64_t{1} << kBlock) - 1, pixel), to);
    }
    if (rest_ != 0) StoreSixes(_mm512_maskz_loadu_epi8(rest_, pixel), to);
  }

  HWY_INLINE void WriteThrees(const uint8_t* pixel, uint16_t* to) const {
    for (const uint8_t* end = pixel + whole_; pixel < end; pixel += kBlock, to += kBlock / 3) {
      StoreThrees(_mm512_maskz_loadu_epi8((uint64_t{1} << kBlock) - 1, pixel), to);
    }
    if (rest_ != 0) StoreThrees(_mm512_maskz_loadu_epi8(rest_, pixel), to);
  }

  static HWY_INLINE void StoreSixes(__m512i bytes, uint16_t* to) {
    const uint64_t codes = _pdep_u64(_mm512_test_epi8_mask(bytes, bytes), 0x3F3F3F3F3F3F3F3F);
    const __m128i words = _mm_cvtepu8_epi16(_mm_cvtsi64_si128(static_cast<int64_t>(codes)));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm_slli_epi16(words, 6));
  }

  HWY_INLINE void StoreThrees(__m512i bytes, uint16_t* to) const {
    alignas(64) static constexpr uint8_t kSpread[64] = {0,  1,  2,  63, 3,  4,  5,  63, 6,  7,  8,  63, 9,  10, 11, 63,
                                                        12, 13, 14, 63, 15, 16, 17, 63, 18, 19, 20, 63, 21, 22, 23, 63,
                                                        24, 25, 26, 63, 27, 28, 29, 63, 30, 31, 32, 63, 33, 34, 35, 63,
                                                        36, 37, 38, 63, 39, 40, 41, 63, 42, 43, 44, 63, 45, 46, 47, 63};
    const __m128i gap = _mm_cvtsi32_si128(static_cast<int>(gap_)), gaps = _mm_cvtsi32_si128(static_cast<int>(2 * gap_));
    __m512i x = _mm512_permutexvar_epi8(_mm512_load_si512(kSpread), bytes);
    x = _mm512_srl_epi32(x, _mm_cvtsi32_si128(static_cast<int>(down_)));
    x = _mm512_or_si512(x, _mm512_or_si512(_mm512_srl_epi32(x, gap), _mm512_srl_epi32(x, gaps)));
    x = _mm512_slli_epi32(_mm512_and_si512(x, _mm512_set1_epi32(static_cast<int>(mask_))), 6);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_cvtepi32_epi16(x));
  }

  int64_t whole_;  // Channels in whole blocks.
  uint64_t rest_;  // A bit for each of the others.
  bool six_;
  unsigned down_, gap_, mask_;
};

#else

// A vector of channels at a time: groups of 4 of one bit, of 2 of at most two.
class CodeWriter {
 public:
  explicit CodeWriter(const CodeConv& conv) : channels_(conv.shape.GroupInputs()) {
    four_ = conv.tables.channels() == 4;
    two_bits_ = conv.tables.activation_bits() == 2;
    down_ = conv.input_step == 2;
    LOWBIT_CHECK(four_ || conv.tables.channels() == 2);
    LOWBIT_CHECK(conv.tables.shift() == 4);
  }

  HWY_INLINE void Write(const uint8_t* pixel, uint16_t* to) const {
    const hn::ScalableTag<uint8_t> d;
    const int64_t block = static_cast<int64_t>(hn::Lanes(d));
    for (int64_t c = 0; c < channels_; c += block) {
      HWY_ALIGN uint8_t last[HWY_MAX_BYTES];
      const uint8_t* from = pixel + c;
      if (channels_ - c < block) {
        std::memset(last, 0, sizeof(last));
        std::memcpy(last, from, static_cast<size_t>(channels_ - c));
        from = last;
      }
      four_ ? StoreFours(from, to) : StoreTwos(from, to);
      to += four_ ? block / 4 : block / 2;
    }
  }

 private:
  HWY_INLINE void StoreFours(const uint8_t* from, uint16_t* to) const {
    const hn::ScalableTag<int32_t> d;
    auto x = hn::BitCast(d, hn::LoadU(hn::Repartition<uint8_t, decltype(d)>(), from));
    if (down_) x = hn::ShiftRight<1>(x);
    x = hn::Or(hn::Or(x, hn::ShiftRight<7>(x)), hn::Or(hn::ShiftRight<14>(x), hn::ShiftRight<21>(x)));
    x = hn::ShiftLeft<4>(hn::And(x, hn::Set(d, 15)));
    hn::StoreU(hn::DemoteTo(hn::Rebind<uint16_t, decltype(d)>(), x), hn::Rebind<uint16_t, decltype(d)>(), to);
  }

  HWY_INLINE void StoreTwos(const uint8_t* from, uint16_t* to) const {
    const hn::ScalableTag<uint16_t> d;
    auto x = hn::BitCast(d, hn::LoadU(hn::Repartition<uint8_t, decltype(d)>(), from));
    if (down_) x = hn::ShiftRight<1>(x);
    x = two_bits_ ? hn::And(hn::Or(x, hn::ShiftRight<6>(x)), hn::Set(d, 15))
                  : hn::And(hn::Or(x, hn::ShiftRight<7>(x)), hn::Set(d, 3));
    hn::StoreU(hn::ShiftLeft<4>(x), d, to);
  }

  int64_t channels_;
  bool four_, two_bits_, down_;
};

#endif

// Copies parts of the input to where each pixel is a run of table positions.
class Stager {
 public:
  // `input`: the first channel of the convolution's group.
  Stager(const CodeConv& conv, const uint8_t* input)
      : conv_(conv), input_(input), write_(conv), of_pixel_(conv.tables.GroupsOfPixel()) {}

  // Pixels [first, first + count) of the input.
  void Pixels(int64_t first, int64_t count, uint16_t* to) const {
    const uint8_t* pixel = input_ + first * conv_.shape.in_channels;
    for (int64_t i = 0; i < count; ++i, pixel += conv_.shape.in_channels, to += of_pixel_) write_.Write(pixel, to);
  }

  // What output rows [oy, oy + rows) of the image need: conv.shape.StagedRows(rows) rows of conv.staged_width pixels.
  void Rows(int64_t image, int64_t oy, int64_t rows, uint16_t* to) const {
    const ConvShape& s = conv_.shape;
    const int64_t first = oy * s.stride_height - s.pad_top, width = conv_.staged_width;
    const int64_t before = std::clamp<int64_t>(s.pad_left, 0, width);
    const int64_t end = std::clamp<int64_t>(s.in_width + s.pad_left, before, width);
    for (int64_t y = first; y < first + s.StagedRows(rows); ++y, to += width * of_pixel_) {
      if (y < 0 || y >= s.in_height) {
        Padding(width, to);
        continue;
      }
      Padding(before, to);
      Pixels((image * s.in_height + y) * s.in_width, end - before, to + before * of_pixel_);
      Padding(width - end, to + end * of_pixel_);
    }
  }

 private:
  void Padding(int64_t pixels, uint16_t* to) const { std::fill(to, to + pixels * of_pixel_, conv_.tables.padding()); }

  const CodeConv& conv_;
  const uint8_t* input_;
  CodeWriter write_;
  int64_t of_pixel_;
};

}  // namespace lowbit::runtime::kernels::conv_u2::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // LOWBIT_RUNTIME_KERNELS_CONV_U2_STAGE_INL_H_
