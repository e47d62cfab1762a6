#include "lowbit/runtime/kernels/conv_u8/kernel.h"

#include <algorithm>
#include <array>
#include <cstring>

// For vpdpbusd.
#define HWY_WANT_AVX3_DL
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lowbit/runtime/kernels/conv_u8/kernel.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "lowbit/runtime/dot-inl.h"
#include "lowbit/runtime/finish-inl.h"
#include "lowbit/runtime/kernels/conv_u8/decode_panel-inl.h"
#include "lowbit/runtime/kernels/conv_u8/row_of_codes-inl.h"
#include "lowbit/runtime/kernels/conv_u8/stage.h"
#include "lowbit/runtime/split_row.h"

HWY_BEFORE_NAMESPACE();
namespace lowbit::runtime::kernels::conv_u8::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using namespace ::lowbit::runtime::HWY_NAMESPACE;  // NOLINT: the shared parts of this target

// Pixels that are computed together at most: accumulators, weights, a table and a mask must fit into the registers.
#if HWY_TARGET == HWY_SSSE3 || HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_AVX2
inline constexpr int kMaxTile = 4;
inline constexpr int kNarrowPanels = 2;
#else
inline constexpr int kMaxTile = 12;
inline constexpr int kNarrowPanels = 4;
#endif
// Rows of at most so many pixels are computed in several panels at a time.
inline constexpr int kNarrowTile = 2;

#if HWY_TARGET == HWY_SCALAR

// A vector is one quad here, which byte vectors of that target do not hold.
template <int kBits>
class CodeDecoder {
 public:
  static constexpr int kPerWord = 8 / kBits;
  static constexpr bool kNarrow = true, kSplit = false;
  explicit CodeDecoder(const ByteWeights& weights) : table_(weights.table) {}
  SumVector Value(SumVector word) const {
    uint32_t value = 0;
    for (int i = 0; i < 32; i += 8) {
      const auto byte = static_cast<uint8_t>(table_[static_cast<uint32_t>(word.raw) >> i & ((1u << kBits) - 1)]);
      value |= static_cast<uint32_t>(byte) << i;
    }
    return SumVector(static_cast<int32_t>(value));
  }
  SumVector Next(SumVector word) const { return hn::ShiftRight<kBits>(word); }

 private:
  const int8_t* table_;
};

#else

using ByteTag = hn::Repartition<int8_t, SumTag>;
using ByteVector = hn::Vec<ByteTag>;

// Quads of codes of kBits bits, one after the other.
template <int kBits>
class CodeDecoder {
 public:
  static constexpr int kPerWord = 8 / kBits;
  static constexpr bool kNarrow = true, kSplit = false;
  explicit CodeDecoder(const ByteWeights& weights)
      : table_(hn::LoadDup128(ByteTag(), weights.table)), mask_(hn::Set(ByteTag(), (1 << kBits) - 1)) {}
  HWY_INLINE SumVector Value(SumVector word) const {
    return hn::BitCast(SumTag(), hn::TableLookupBytes(table_, hn::And(hn::BitCast(ByteTag(), word), mask_)));
  }
  HWY_INLINE SumVector Next(SumVector word) const { return hn::ShiftRight<kBits>(word); }

 private:
  ByteVector table_, mask_;
};

#endif

// kSplitIntegers: vectors of low and high parts take turns.
template <bool kNarrowIntegers, bool kSplitIntegers>
class IntegerDecoder {
 public:
  static constexpr int kPerWord = 1;
  static constexpr bool kNarrow = kNarrowIntegers, kSplit = kSplitIntegers;
  explicit IntegerDecoder(const ByteWeights&) {}
  HWY_INLINE SumVector Value(SumVector word) const { return word; }
  HWY_INLINE SumVector Next(SumVector word) const { return word; }
};

// What vector v of sums begins with.
template <bool kSplit>
HWY_INLINE SumVector StartOf(const int32_t* starts, int v) {
  const SumTag d;
  if (kSplit && v % 2 == 1) return hn::Zero(d);  // The low parts have it.
  return hn::LoadU(d, starts + static_cast<size_t>(kSplit ? v / 2 : v) * hn::Lanes(d));
}

// sums[r][v * lanes + lane] = starts + the products of pixel r's window with the weights of vector v, as floats; vectors
// count through kPanels panels, in which they are kPanelVectors apart. Of weights that are split, two vectors become one.
//   window  of the first pixel; the next pixel's is `step` bytes further
//   words   of the first panel
template <class Dots, class Decoder, int kRows, int kPanels, int kUsed>
HWY_NOINLINE void Accumulate(const ByteWeights& weights, const int32_t* HWY_RESTRICT positions, const uint8_t* words,
                             const uint8_t* window, int64_t step, const int32_t* starts, float* HWY_RESTRICT sums) {
  constexpr int kVectors = kPanels * kUsed, kParts = Decoder::kSplit ? 2 : 1;
  constexpr int kPitch = kPanels * kPanelVectors / kParts;
  const Decoder decoder(weights);
  const SumTag d;
  const hn::RebindToFloat<SumTag> df;
  const size_t lanes = hn::Lanes(d), panel_bytes = weights.PanelBytes();
  SumVector sum[kRows][kVectors];
  // Without these pragmas the arrays of vectors live in memory.
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) sum[r][v] = StartOf<Decoder::kSplit>(starts, v);
  }
  const int64_t quads = weights.quads;
  for (int64_t quad = 0; quad < quads;) {
    SumVector packed[kVectors];
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; ++v) {
      const uint8_t* at =
          words + static_cast<size_t>(v / kUsed) * panel_bytes + static_cast<size_t>(v % kUsed) * 4 * lanes;
      packed[v] = hn::Load(d, reinterpret_cast<const int32_t*>(at));
    }
    words += 4 * kPanelVectors * lanes;
    const int64_t end = std::min<int64_t>(quads, quad + Decoder::kPerWord);
    for (; quad < end; ++quad) {
      SumVector value[kVectors];
#pragma GCC unroll 16
      for (int v = 0; v < kVectors; ++v) {
        value[v] = decoder.Value(packed[v]);
        packed[v] = decoder.Next(packed[v]);
      }
      const uint8_t* first = window + positions[quad];
#pragma GCC unroll 16
      for (int r = 0; r < kRows; ++r) {
        const SumVector a = Dots::Operand(LoadQuad(first + r * step));
#pragma GCC unroll 16
        for (int v = 0; v < kVectors; ++v) {
          sum[r][v] = Dots::template Add<Decoder::kNarrow>(a, value[v], sum[r][v]);
        }
      }
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 16
    for (int v = 0; v < kVectors; v += kParts) {
      SumVector total = sum[r][v];
      if constexpr (Decoder::kSplit) total = hn::Add(total, hn::ShiftLeft<8>(sum[r][v + 1]));
      hn::Store(hn::ConvertTo(df, total), df, sums + static_cast<size_t>(r * kPitch + v / kParts) * lanes);
    }
  }
}

// Panels of channels of one group that are computed together.
struct Panel {
  const ByteWeights* weights;
  int panels;
  const uint8_t* words = nullptr;
  int64_t channel, channels;        // Of the output.
  const int32_t* starts = nullptr;  // Of the panels, padded to their width.
};

// One row of output pixels.
struct Row {
  const uint8_t* window = nullptr;  // Of its first pixel.
  int64_t step = 0;                 // Bytes from a pixel's window to the next one's.
  int64_t pixel = 0, pixels = 0;    // Where they are in the output.
};

void StoreTile(const ByteConv& conv, const ByteTask& task, const Panel& panel, int64_t pixel, int64_t pixels) {
  SumBlock block;
  block.sums = task.scratch;
  block.pitch = panel.panels * panel.weights->PanelWidth();
  block.pixel = pixel;
  block.pixels = pixels;
  block.channel = panel.channel;
  block.channels = panel.channels;
  block.of_channels = conv.shape.out_channels;
  block.scratch = task.scratch + pixels * block.pitch;
  Finish(conv.finish, task.output, block);
}

template <class Dots, class Decoder>
class PanelRunner {
 public:
  PanelRunner(const ByteConv& conv, const ByteTask& task, const Panel& panel)
      : conv_(conv), task_(task), panel_(panel) {}

  void Run(const Row& row) const {
    SplitRow<kMaxTile>(row.pixels, [&](int64_t first, int pixels) {
      Tile(row.window + first * row.step, row.step, pixels);
      StoreTile(conv_, task_, panel_, row.pixel + first, pixels);
    });
  }

 private:
  template <int kRows>
  HWY_INLINE void TileOf(const uint8_t* window, int64_t step) const {
    const int32_t* positions = conv_.quad_positions.data();
    if constexpr (kRows <= kNarrowTile) {
      if (panel_.panels == kNarrowPanels) {
        return Accumulate<Dots, Decoder, kRows, kNarrowPanels, kPanelVectors>(
            *panel_.weights, positions, panel_.words, window, step, panel_.starts, task_.scratch);
      }
    }
    if (Decoder::kSplit || panel_.channels > panel_.weights->lanes) {
      Accumulate<Dots, Decoder, kRows, 1, kPanelVectors>(*panel_.weights, positions, panel_.words, window, step,
                                                         panel_.starts, task_.scratch);
    } else if constexpr (!Decoder::kSplit) {
      Accumulate<Dots, Decoder, kRows, 1, 1>(*panel_.weights, positions, panel_.words, window, step, panel_.starts,
                                             task_.scratch);
    }
  }

  void Tile(const uint8_t* window, int64_t step, int pixels) const {
    switch (pixels) {
      case 1:
        return TileOf<1>(window, step);
      case 2:
        return TileOf<2>(window, step);
      case 3:
        return TileOf<3>(window, step);
      case 4:
        return TileOf<4>(window, step);
#if HWY_TARGET != HWY_SSSE3 && HWY_TARGET != HWY_SSE4 && HWY_TARGET != HWY_AVX2
      case 6:
        return TileOf<6>(window, step);
      case 7:
        return TileOf<7>(window, step);
      case 8:
        return TileOf<8>(window, step);
      case 12:
        return TileOf<12>(window, step);
#endif
    }
  }

  const ByteConv& conv_;
  const ByteTask& task_;
  const Panel& panel_;
};

template <class Dots, class Decoder>
void RunRowsWith(const ByteConv& conv, const ByteTask& task, const Panel& panel, const Row& first, int64_t rows,
                 int64_t row_bytes) {
  const PanelRunner<Dots, Decoder> runner(conv, task, panel);
  Row row = first;
  for (int64_t y = 0; y < rows; ++y) {
    runner.Run(row);
    row.window += row_bytes;
    row.pixel += row.pixels;
  }
}

template <class Dots>
void RunRowsOf(const ByteConv& conv, const ByteTask& task, const Panel& panel, const Row& first, int64_t rows,
               int64_t row_bytes) {
  switch (panel.weights->bits) {
    case 1:
      return RunRowsWith<Dots, CodeDecoder<1>>(conv, task, panel, first, rows, row_bytes);
    case 2:
      return RunRowsWith<Dots, CodeDecoder<2>>(conv, task, panel, first, rows, row_bytes);
    case 4:
      return RunRowsWith<Dots, CodeDecoder<4>>(conv, task, panel, first, rows, row_bytes);
  }
  if (panel.weights->split) {
    RunRowsWith<Dots, IntegerDecoder<false, true>>(conv, task, panel, first, rows, row_bytes);
  } else if (panel.weights->narrow) {
    RunRowsWith<Dots, IntegerDecoder<true, false>>(conv, task, panel, first, rows, row_bytes);
  } else {
    RunRowsWith<Dots, IntegerDecoder<false, false>>(conv, task, panel, first, rows, row_bytes);
  }
}

// `rows` rows of output pixels, whose windows begin row_bytes after each other.
void RunRows(const ByteConv& conv, const ByteTask& task, const Panel& panel, const Row& first, int64_t rows,
             int64_t row_bytes) {
  WithDots([&](auto dots) { RunRowsOf<decltype(dots)>(conv, task, panel, first, rows, row_bytes); });
}

// What follows sums and decoded panels in a task's memory: staged rows, or the row that meets codes.
uint8_t* RowsOf(const ByteConv& conv, const ByteTask& task) {
  return reinterpret_cast<uint8_t*>(task.scratch + conv.SumFloats()) + conv.DecodedBytes();
}

// The words of a panel, decoded for this task if they are not stored.
const uint8_t* WordsOf(const ByteConv& conv, const ByteTask& task, const ByteWeights& weights, int64_t panel) {
  if (!weights.IsDecoded()) return weights.bytes.get() + static_cast<size_t>(panel) * weights.PanelBytes();
  uint8_t* decoded = reinterpret_cast<uint8_t*>(task.scratch + conv.SumFloats());
  DecodePanel(weights.codebook, panel, decoded);
  return decoded;
}

void RunPanels(const ByteConv& conv, const ByteTask& task, size_t group, const Row& first, int64_t rows,
               int64_t row_bytes) {
  const ByteWeights& weights = conv.weights[group];
  const int64_t width = weights.PanelWidth(), end = task.first_panel + task.panels;
  // Few pixels do not hide the latency of a dot product; several panels do.
  const bool narrow = first.pixels <= kNarrowTile && !weights.IsDecoded();
  for (int64_t p = task.first_panel, count; p < end; p += count) {
    count = narrow && p + kNarrowPanels <= end ? kNarrowPanels : 1;
    const int64_t row = p * width;
    Panel panel;
    panel.weights = &weights;
    panel.panels = static_cast<int>(count);
    panel.words = WordsOf(conv, task, weights, p);
    panel.channel = static_cast<int64_t>(group) * conv.shape.GroupOutputs() + row;
    panel.channels = std::min(count * width, weights.rows - row);
    panel.starts = conv.starts[group].data() + row;
    RunRows(conv, task, panel, first, rows, row_bytes);
  }
}

#if HWY_TARGET == HWY_AVX3_DL

// As many of the task's panels as whole groups hold; returns how many those are.
template <int kBits>
int64_t RunRowOfCodes(const ByteConv& conv, const ByteTask& task) {
  using Codes = RowOfCodes<kBits>;
  const ByteWeights& weights = conv.weights[0];
  const int64_t width = weights.PanelWidth();
  const CenteredRow row(conv, task.input + task.first * conv.shape.in_channels, RowsOf(conv, task));
  const Codes codes(row);
  int64_t done = 0;
  for (; done + Codes::kPanels <= task.panels; done += Codes::kPanels) {
    const int64_t p = task.first_panel + done;
    codes.Run(weights.bytes.get() + static_cast<size_t>(p) * weights.PanelBytes(), weights.sums.data() + p * width,
              task.scratch);
    Panel panel;
    panel.weights = &weights;
    panel.panels = Codes::kPanels;
    panel.channel = p * width;
    panel.channels = std::min(Codes::kPanels * width, weights.rows - p * width);
    StoreTile(conv, task, panel, task.first, 1);
  }
  return done;
}

int64_t RunNarrow(const ByteConv& conv, const ByteTask& task) {
  const ByteWeights& weights = conv.weights[0];
  constexpr int64_t kMostQuads = 1 << 14;  // Sums of more could leave 32 bits.
  if (!conv.in_place || task.count != 1 || weights.slope == 0 || weights.quads > kMostQuads) return 0;
  if (weights.bits == 1) return RunRowOfCodes<1>(conv, task);
  return weights.bits == 2 ? RunRowOfCodes<2>(conv, task) : RunRowOfCodes<4>(conv, task);
}

#else

int64_t RunNarrow(const ByteConv&, const ByteTask&) { return 0; }

#endif

void RunByteConv(const ByteConv& conv, const ByteTask& whole) {
  const ConvShape& s = conv.shape;
  ByteTask task = whole;
  const int64_t done = RunNarrow(conv, whole);
  task.first_panel += done;
  task.panels -= done;
  Row row;
  if (conv.in_place) {
    row.window = task.input + task.first * s.in_channels;
    row.step = s.in_channels;
    row.pixel = task.first;
    row.pixels = task.count;
    return RunPanels(conv, task, 0, row, 1, 0);
  }
  const int64_t image = task.first / s.out_height, oy = task.first % s.out_height;
  const uint8_t* pixels = task.input + image * s.in_height * s.in_width * s.in_channels;
  uint8_t* staged = RowsOf(conv, task);
  row.window = staged;
  row.step = s.stride_width * conv.channels;
  row.pixel = task.first * s.out_width;
  row.pixels = s.out_width;
  for (size_t group = 0; group < conv.weights.size(); ++group) {
    Stage(conv, pixels + static_cast<int64_t>(group) * s.GroupInputs(), oy, task.count, staged);
    RunPanels(conv, task, group, row, task.count, s.stride_height * conv.staged_width * conv.channels);
  }
}

const ByteConvKernel* Kernel() {
  static const ByteConvKernel kernel = {HWY_TARGET, static_cast<int>(hn::Lanes(SumTag())), kDotCenter, &RunByteConv};
  return &kernel;
}

}  // namespace lowbit::runtime::kernels::conv_u8::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lowbit::runtime {
namespace kernels::conv_u8 {
namespace {

HWY_EXPORT(Kernel);
const ByteConvKernel& Choose() { return *HWY_DYNAMIC_DISPATCH(Kernel)(); }

}  // namespace
}  // namespace kernels::conv_u8

const ByteConvKernel& ChooseByteConvKernel() { return kernels::conv_u8::Choose(); }

}  // namespace lowbit::runtime
#endif
