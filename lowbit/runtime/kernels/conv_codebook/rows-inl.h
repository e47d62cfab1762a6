// Rows of activations times vectors of a codebook where they lie. Included once for each target.

#if defined(LOWBIT_RUNTIME_KERNELS_CONV_CODEBOOK_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef LOWBIT_RUNTIME_KERNELS_CONV_CODEBOOK_ROWS_INL_H_
#undef LOWBIT_RUNTIME_KERNELS_CONV_CODEBOOK_ROWS_INL_H_
#else
#define LOWBIT_RUNTIME_KERNELS_CONV_CODEBOOK_ROWS_INL_H_
#endif

#include <algorithm>
#include <bit>
#include <cstring>

#include "hwy/highway.h"
#include "lowbit/runtime/epilogue-inl.h"
#include "lowbit/runtime/kernels/conv_codebook/kernel.h"

HWY_BEFORE_NAMESPACE();
namespace lowbit::runtime::kernels::conv_codebook::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using namespace ::lowbit::runtime::HWY_NAMESPACE;  // NOLINT: the shared parts of this target

#if HWY_TARGET == HWY_SCALAR || HWY_HAVE_SCALABLE

inline constexpr bool kHasRows = false;
inline void RunRows(const CodebookConv&, const CodebookTask&) {}

#else

inline constexpr bool kHasRows = true;

using QuadTag = hn::FixedTag<float, 4>;
using QuadVector = hn::Vec<QuadTag>;

// Channels whose sums stay in registers. Panels hold a multiple.
inline constexpr int kChannelsAtOnce = hn::MaxLanes(hn::ScalableTag<float>()) >= 16 ? 16 : 8;

// Codes that lie side by side, read together: loads are what a product with vectors in memory is short of.
template <typename Code>
class CodeGroup {
 public:
  static constexpr int kCodes = static_cast<int>(sizeof(uint64_t) / sizeof(Code));
  explicit CodeGroup(const Code* codes) { std::memcpy(&word_, codes, sizeof(word_)); }

  // Code c times `factor`.
  template <size_t kFactor>
  HWY_INLINE size_t Times(int c) const {
    constexpr int kBits = 8 * static_cast<int>(sizeof(Code));
    constexpr uint64_t kMask = (uint64_t{1} << kBits) - 1;
    const int shift = (std::endian::native == std::endian::little ? c : kCodes - 1 - c) * kBits;
    if constexpr (kFactor == 16) {  // Shift and multiply at once: a rotation, which has an instruction that copies.
      return static_cast<size_t>(std::rotr(word_, shift - 4) & (kMask << 4));
    } else {
      return static_cast<size_t>(word_ >> shift & kMask) * kFactor;
    }
  }

 private:
  uint64_t word_;
};

// Adds the products of a vector's floats with the activations that they meet, for kChannelsAtOnce channels with these codes.
//   kStride  floats in a vector; 0: weights.stride
template <int kStride, typename Code>
class ChannelSums {
 public:
  explicit ChannelSums(const CodebookWeights& weights)
      : vectors_(weights.words.get()), stride_(kStride == 0 ? weights.stride : kStride) {
#pragma GCC unroll 16
    for (int c = 0; c < kChannelsAtOnce; ++c) sum_[c] = hn::Zero(QuadTag());
  }

  HWY_INLINE void Add(const Code* HWY_RESTRICT codes, const float* HWY_RESTRICT row) {
    for (int64_t j = 0; j < (kStride == 0 ? stride_ : kStride); j += 4) {
      const QuadVector x = hn::LoadU(QuadTag(), row + j);
#pragma GCC unroll 16
      for (int c = 0; c < kChannelsAtOnce; c += CodeGroup<Code>::kCodes) AddGroup(codes + c, x, j, sum_ + c);
    }
  }

  void Store(float* HWY_RESTRICT sums) const {
#pragma GCC unroll 16
    for (int c = 0; c < kChannelsAtOnce; ++c) sums[c] = hn::GetLane(hn::SumOfLanes(QuadTag(), sum_[c]));
  }

 private:
  HWY_INLINE void AddGroup(const Code* codes, QuadVector x, int64_t j, QuadVector* sum) const {
    const CodeGroup<Code> group(codes);
    const size_t step = kStride == 0 ? static_cast<size_t>(stride_) : 1;
#pragma GCC unroll 16
    for (int c = 0; c < CodeGroup<Code>::kCodes; ++c) {
      const size_t bytes = group.template Times < kStride == 0 ? sizeof(float) : kStride * sizeof(float) > (c)*step;
      const auto* vector = reinterpret_cast<const float*>(reinterpret_cast<const uint8_t*>(vectors_) + bytes);
      sum[c] = hn::MulAdd(x, hn::Load(QuadTag(), vector + j), sum[c]);
    }
  }

  const float* HWY_RESTRICT vectors_;
  int64_t stride_;
  QuadVector sum_[kChannelsAtOnce];
};

// sums[c] = row times the weights of channel c, for kChannelsAtOnce of them. `codes` is the first channel's first code,
// the next of the same channel is a panel's width further.
template <int kStride, typename Code>
HWY_NOINLINE void SumChannels(const CodebookWeights& weights, const Code* HWY_RESTRICT codes,
                              const float* HWY_RESTRICT row, float* HWY_RESTRICT sums) {
  ChannelSums<kStride, Code> channels(weights);
  const int64_t width = weights.PanelWidth(), stride = kStride == 0 ? weights.stride : kStride;
  const Code* const end = codes + weights.CodesPerRow() * width;
  for (; codes < end; codes += width, row += stride) channels.Add(codes, row);
  channels.Store(sums);
}

template <int kStride, typename Code>
void RunRowsOf(const CodebookConv& conv, const CodebookTask& task) {
  const CodebookWeights& weights = conv.weights[0];
  const int64_t width = weights.PanelWidth(), outputs = conv.shape.out_channels;
  for (int64_t panel = task.first_panel; panel < task.first_panel + task.panels; ++panel) {
    const int64_t channel = panel * width, channels = std::min(width, weights.rows - channel);
    for (int64_t r = task.first_pixel; r < task.first_pixel + task.pixels; ++r) {
      for (int64_t c = 0; c < channels; c += kChannelsAtOnce) {
        SumChannels<kStride>(weights, weights.Codes<Code>(panel, 0) + c, task.input + r * conv.shape.in_channels,
                             task.scratch + c);
      }
      const int64_t at = r * outputs + channel;
      ApplyEpilogue(conv.epilogue, channel, channels, task.scratch,
                    task.residual == nullptr ? nullptr : task.residual + at, task.output + at);
    }
  }
}

template <typename Code>
void RunRowsOfCodes(const CodebookConv& conv, const CodebookTask& task) {
  const int64_t stride = conv.weights[0].stride;
  if (stride == 4) return RunRowsOf<4, Code>(conv, task);
  stride == 8 ? RunRowsOf<8, Code>(conv, task) : RunRowsOf<0, Code>(conv, task);
}

inline void RunRows(const CodebookConv& conv, const CodebookTask& task) {
  conv.weights[0].IsWide() ? RunRowsOfCodes<uint16_t>(conv, task) : RunRowsOfCodes<uint8_t>(conv, task);
}

#endif

}  // namespace lowbit::runtime::kernels::conv_codebook::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // LOWBIT_RUNTIME_KERNELS_CONV_CODEBOOK_ROWS_INL_H_
