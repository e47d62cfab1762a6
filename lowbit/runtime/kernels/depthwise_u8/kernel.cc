#include "lowbit/runtime/kernels/depthwise_u8/kernel.h"

#include <algorithm>
#include <cstring>

// For vpdpbusd.
#define HWY_WANT_AVX3_DL
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lowbit/runtime/kernels/depthwise_u8/kernel.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "lowbit/runtime/dot-inl.h"
#include "lowbit/runtime/finish-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lowbit::runtime::kernels::depthwise_u8::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using namespace ::lowbit::runtime::HWY_NAMESPACE;  // NOLINT: the shared parts of this target

using ByteTag = hn::ScalableTag<uint8_t>;

// Where the four taps of a quad are; null: a tap beyond the kernel, whose weight is 0.
struct QuadTaps {
  const uint8_t* tap[4] = {};
};

// Brings a quad's bytes of `channels` channels side by side: byte 4 c + t of the result is channel c of tap t.
#if HWY_TARGET == HWY_SCALAR

inline constexpr int kLanes = 1;
inline constexpr int kSumVectors = 1;

class QuadWriter {
 public:
  explicit QuadWriter(int64_t) {}
  void Write(const QuadTaps& taps, uint8_t* to) const {
    for (int t = 0; t < 4; ++t) to[t] = taps.tap[t] == nullptr ? 0 : *taps.tap[t];
  }
};

int Lanes() { return kLanes; }

#else

inline constexpr int kSumVectors = 4;

int Lanes() { return static_cast<int>(hn::Lanes(ByteTag())); }

class QuadWriter {
 public:
  // `channels`: at most a vector's bytes; what is written of others may be anything.
  explicit QuadWriter(int64_t channels) : channels_(channels) {
    const size_t groups = hn::Lanes(kGroups), blocks = groups / 4;
    HWY_ALIGN uint32_t from[HWY_MAX_BYTES / 4];
    for (size_t i = 0; i < groups; ++i) from[i] = static_cast<uint32_t>(i % 4 * blocks + i / 4);
    dealt_ = hn::SetTableIndices(kGroups, from);
  }

  HWY_INLINE void Write(const QuadTaps& taps, uint8_t* to) const {
    const ByteTag d;
    const hn::Repartition<uint16_t, ByteTag> dw;
    const auto a = Load(taps.tap[0]), b = Load(taps.tap[1]), c = Load(taps.tap[2]), e = Load(taps.tap[3]);
    const auto low = hn::BitCast(dw, hn::InterleaveLower(d, a, b)),
               high = hn::BitCast(dw, hn::InterleaveUpper(d, a, b));
    const auto low2 = hn::BitCast(dw, hn::InterleaveLower(d, c, e));
    const auto high2 = hn::BitCast(dw, hn::InterleaveUpper(d, c, e));
    uint16_t* words = reinterpret_cast<uint16_t*>(to);
    const size_t lanes = hn::Lanes(dw);
    hn::Store(hn::InterleaveLower(dw, low, low2), dw, words);
    hn::Store(hn::InterleaveUpper(dw, low, low2), dw, words + lanes);
    hn::Store(hn::InterleaveLower(dw, high, high2), dw, words + 2 * lanes);
    hn::Store(hn::InterleaveUpper(dw, high, high2), dw, words + 3 * lanes);
  }

 private:
  static constexpr hn::Repartition<uint32_t, ByteTag> kGroups = {};

  // Interleaving works on blocks of 16 bytes. For its results to be in order, groups of four channels are dealt out to
  // the blocks in turn.
  HWY_INLINE hn::Vec<ByteTag> Load(const uint8_t* from) const {
    const ByteTag d;
    if (from == nullptr) return hn::Zero(d);
    const auto v = LoadChannels(from);
    if (hn::Lanes(d) == 16) return v;
    return hn::BitCast(d, hn::TableLookupLanes(hn::BitCast(kGroups, v), dealt_));
  }

  HWY_INLINE hn::Vec<ByteTag> LoadChannels(const uint8_t* from) const {
    const ByteTag d;
    if (channels_ >= static_cast<int64_t>(hn::Lanes(d))) return hn::LoadU(d, from);
#if HWY_TARGET <= HWY_AVX3
    return hn::MaskedLoad(hn::FirstN(d, static_cast<size_t>(channels_)), d, from);
#else
    HWY_ALIGN uint8_t padded[HWY_MAX_BYTES] = {};
    std::memcpy(padded, from, static_cast<size_t>(channels_));
    return hn::Load(d, padded);
#endif
  }

  int64_t channels_;
  decltype(hn::SetTableIndices(kGroups, static_cast<const uint32_t*>(nullptr))) dealt_;
};

#endif

// A row of output pixels [first, first + pixels) and a block of channels of them.
struct Piece {
  const uint8_t* image = nullptr;    // Its first pixel's channels of the block.
  const uint8_t* outside = nullptr;  // A pixel of the integer 0.
  int64_t oy = 0, first = 0, pixels = 0;
  size_t block = 0;
  int64_t channels = 0;  // At most a vector's bytes.
};

// The rows that quad `quad` of the piece's columns lies in: their pixel x is at tap[t] + x * step[t].
struct QuadRows {
  QuadRows(const ByteDepthwise& layer, const Piece& piece, int64_t quad) {
    const ConvShape& s = layer.shape;
    for (int64_t t = 0; t < std::min<int64_t>(4, s.kernel_height - 4 * quad); ++t) {
      const int64_t y = piece.oy * s.stride_height - s.pad_top + (4 * quad + t) * s.dilation_height;
      const bool inside = y >= 0 && y < s.in_height;
      rows.tap[t] = inside ? piece.image + y * s.in_width * s.in_channels : piece.outside;
      step[t] = inside ? s.in_channels : 0;
      padding.tap[t] = piece.outside;
    }
  }

  QuadTaps At(int64_t x) const {
    QuadTaps taps;
    for (int t = 0; t < 4; ++t) taps.tap[t] = rows.tap[t] + x * step[t];
    return taps;
  }

  QuadTaps rows, padding;
  int64_t step[4] = {};
};

// The columns that the piece's windows reach over, in quads.
void StoreColumns(const ByteDepthwise& layer, const Piece& piece, uint8_t* to) {
  const ConvShape& s = layer.shape;
  const int64_t first = piece.first * s.stride_width - s.pad_left, columns = layer.ColumnsOf(piece.pixels);
  const QuadWriter writer(piece.channels);
  for (int64_t quad = 0; quad < layer.quads; ++quad) {
    const QuadRows rows(layer, piece, quad);
    for (int64_t x = first; x < first + columns; ++x) {
      uint8_t* at = to + ((x - first) * layer.quads + quad) * 4 * layer.lanes;
      writer.Write(x >= 0 && x < s.in_width ? rows.At(x) : rows.padding, at);
    }
  }
}

enum class Weights : uint8_t { kNarrow, kBytes, kSplit };

// sum + a * (256 * high + low)
template <class Dots>
HWY_INLINE SumVector AddSplitDot(SumVector operand, SumVector low, SumVector high, SumVector sum) {
  const SumVector of_high = Dots::template Add<false>(operand, high, hn::Zero(SumTag()));
  return hn::Add(Dots::template Add<false>(operand, low, sum), hn::ShiftLeft<8>(of_high));
}

// The sums of kPixels pixels whose first columns are `step` bytes apart.
template <class Dots, Weights kWeights, int kPixels>
HWY_NOINLINE void SumPixels(const ByteDepthwise& layer, size_t block, const uint8_t* columns, int64_t step,
                            float* HWY_RESTRICT sums) {
  constexpr bool kSplit = kWeights == Weights::kSplit;
  const SumTag d;
  const size_t lanes = hn::Lanes(d);
  const int64_t quad_bytes = 4 * layer.lanes, kernel_width = layer.shape.kernel_width;
  const int64_t column_step = layer.shape.dilation_width * layer.quads * quad_bytes;
  const int8_t* weights = layer.weights.get() + static_cast<int64_t>(block) * kernel_width * layer.quads * quad_bytes;
  const int32_t* starts = layer.starts.data() + block * static_cast<size_t>(layer.lanes);
  SumVector sum[kPixels][kSumVectors];
#pragma GCC unroll 16
  for (int p = 0; p < kPixels; ++p) {
#pragma GCC unroll 16
    for (int v = 0; v < kSumVectors; ++v) sum[p][v] = hn::LoadU(d, starts + static_cast<size_t>(v) * lanes);
  }
  for (int64_t kx = 0; kx < kernel_width; ++kx, columns += column_step) {
    for (int64_t quad = 0; quad < layer.quads; ++quad, weights += quad_bytes) {
      const uint8_t* at = columns + quad * quad_bytes;
#pragma GCC unroll 16
      for (int v = 0; v < kSumVectors; ++v) {
        const size_t from = 4 * static_cast<size_t>(v) * lanes;
        const SumVector weight = hn::Load(d, reinterpret_cast<const int32_t*>(weights + from));
        SumVector high = weight;
        if (kSplit) high = hn::Load(d, reinterpret_cast<const int32_t*>(weights + layer.part_bytes + from));
#pragma GCC unroll 16
        for (int p = 0; p < kPixels; ++p) {
          const SumVector a = hn::Load(d, reinterpret_cast<const int32_t*>(at + p * step + from));
          const SumVector operand = Dots::Operand(a);
          sum[p][v] = kSplit ? AddSplitDot<Dots>(operand, weight, high, sum[p][v])
                             : Dots::template Add<kWeights == Weights::kNarrow>(operand, weight, sum[p][v]);
        }
      }
    }
  }
  const hn::RebindToFloat<SumTag> df;
#pragma GCC unroll 16
  for (int p = 0; p < kPixels; ++p) {
#pragma GCC unroll 16
    for (int v = 0; v < kSumVectors; ++v) {
      hn::Store(hn::ConvertTo(df, sum[p][v]), df, sums + static_cast<size_t>(p * kSumVectors + v) * lanes);
    }
  }
}

// Four pixels at a time share the loads of weights.
template <class Dots, Weights kWeights>
void SumPiece(const ByteDepthwise& layer, const Piece& piece, const uint8_t* columns, float* sums) {
  const int64_t step = layer.shape.stride_width * layer.quads * 4 * layer.lanes;
  int64_t p = 0;
  for (; p + 4 <= piece.pixels; p += 4) {
    SumPixels<Dots, kWeights, 4>(layer, piece.block, columns + p * step, step, sums + p * layer.lanes);
  }
  for (; p < piece.pixels; ++p) {
    SumPixels<Dots, kWeights, 1>(layer, piece.block, columns + p * step, step, sums + p * layer.lanes);
  }
}

template <class Dots>
void SumPieceOf(const ByteDepthwise& layer, const Piece& piece, const uint8_t* columns, float* sums) {
  if (layer.split) return SumPiece<Dots, Weights::kSplit>(layer, piece, columns, sums);
  layer.narrow ? SumPiece<Dots, Weights::kNarrow>(layer, piece, columns, sums)
               : SumPiece<Dots, Weights::kBytes>(layer, piece, columns, sums);
}

void RunPiece(const ByteDepthwise& layer, const ByteDepthwiseTask& task, const Piece& piece, int64_t row) {
  const ConvShape& s = layer.shape;
  float* sums = task.scratch;
  SumBlock block;
  block.sums = sums;
  block.pitch = layer.lanes;
  block.scratch = sums + piece.pixels * layer.lanes;
  uint8_t* columns = reinterpret_cast<uint8_t*>(block.scratch + layer.lanes);
  StoreColumns(layer, piece, columns);
  WithDots([&](auto dots) { SumPieceOf<decltype(dots)>(layer, piece, columns, sums); });
  block.pixel = row * s.out_width + piece.first;
  block.pixels = piece.pixels;
  block.channel = layer.blocks[piece.block];
  block.channels = piece.channels;
  block.of_channels = s.out_channels;
  Finish(layer.finish, task.output, block);
}

void RunByteDepthwise(const ByteDepthwise& layer, const ByteDepthwiseTask& task) {
  const ConvShape& s = layer.shape;
  HWY_ALIGN uint8_t outside[HWY_MAX_BYTES];
  std::memset(outside, layer.input_offset, sizeof(outside));
  for (int64_t row = task.first_row; row < task.first_row + task.rows; ++row) {
    Piece piece;
    piece.outside = outside;
    piece.oy = row % s.out_height;
    for (piece.block = 0; piece.block < layer.blocks.size(); ++piece.block) {
      const int64_t channel = layer.blocks[piece.block];
      piece.image = task.input + row / s.out_height * s.in_height * s.in_width * s.in_channels + channel;
      piece.channels = std::min<int64_t>(layer.lanes, s.in_channels - channel);
      for (piece.first = 0; piece.first < s.out_width; piece.first += piece.pixels) {
        piece.pixels = std::min(ByteDepthwise::kMostPixels, s.out_width - piece.first);
        RunPiece(layer, task, piece, row);
      }
    }
  }
}

const ByteDepthwiseKernel* Kernel() {
  static const ByteDepthwiseKernel kernel = {HWY_TARGET, Lanes(), kDotCenter, &RunByteDepthwise};
  return &kernel;
}

}  // namespace lowbit::runtime::kernels::depthwise_u8::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lowbit::runtime {
namespace kernels::depthwise_u8 {
namespace {

HWY_EXPORT(Kernel);
const ByteDepthwiseKernel& Choose() { return *HWY_DYNAMIC_DISPATCH(Kernel)(); }

}  // namespace
}  // namespace kernels::depthwise_u8

const ByteDepthwiseKernel& ChooseByteDepthwiseKernel() { return kernels::depthwise_u8::Choose(); }

}  // namespace lowbit::runtime
#endif
