#include "lowbit/runtime/kernels/conv_u2/kernel.h"

#include <algorithm>

// For vpermb.
#define HWY_WANT_AVX3_DL
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lowbit/runtime/kernels/conv_u2/kernel.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "lowbit/runtime/finish-inl.h"
#include "lowbit/runtime/kernels/conv_u2/accumulate-inl.h"
#include "lowbit/runtime/kernels/conv_u2/stage-inl.h"
#include "lowbit/runtime/split_row.h"

HWY_BEFORE_NAMESPACE();
namespace lowbit::runtime::kernels::conv_u2::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using namespace ::lowbit::runtime::HWY_NAMESPACE;  // NOLINT: the shared parts of this target

// Pixels that are computed together at most: three vectors of sums for each must fit into the registers.
#if HWY_TARGET == HWY_SSSE3 || HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_AVX2
inline constexpr int kMaxTile = 4;
#else
inline constexpr int kMaxTile = 8;
#endif

// A row of output pixels and the channels that are computed of it.
struct Row {
  const uint8_t* indices = nullptr;
  const uint16_t* codes = nullptr;  // Of the first pixel's window.
  int64_t pitch = 0;
  int64_t pixel = 0, pixels = 0;  // Of the output.
  int64_t channel = 0, channels = 0;
};

template <int kShared, class Sink>
void Tile(const CodeConv& conv, const Row& row, int64_t first, int pixels, const Sink& sink) {
  const uint16_t* codes = row.codes + first * row.pitch;
  switch (pixels) {
    case 1:
      return Accumulate<kShared, 1>(conv, row.indices, codes, row.pitch, sink);
    case 2:
      return Accumulate<kShared, 2>(conv, row.indices, codes, row.pitch, sink);
    case 3:
      return Accumulate<kShared, 3>(conv, row.indices, codes, row.pitch, sink);
    case 4:
      return Accumulate<kShared, 4>(conv, row.indices, codes, row.pitch, sink);
#if HWY_TARGET != HWY_SSSE3 && HWY_TARGET != HWY_SSE4 && HWY_TARGET != HWY_AVX2
    case 6:
      return Accumulate<kShared, 6>(conv, row.indices, codes, row.pitch, sink);
    case 7:
      return Accumulate<kShared, 7>(conv, row.indices, codes, row.pitch, sink);
    case 8:
      return Accumulate<kShared, 8>(conv, row.indices, codes, row.pitch, sink);
#endif
  }
}

#if HWY_TARGET == HWY_AVX3_DL

// Finishes sums where they are, in registers: for results of floats, with a residual of floats or none.
template <bool kResidual>
class FloatSink {
 public:
  using Lanes = EpilogueLanes<kResidual, false>;

  // Of the first pixel, from the panel's first channel on.
  FloatSink(const Epilogue& epilogue, int64_t channel, int64_t pitch, const float* residual, float* output)
      : epilogue_(epilogue), channel_(channel), pitch_(pitch), residual_(residual), output_(output) {}

  class Channels {
   public:
    Channels(const Lanes& finish, int64_t pitch, const float* residual, float* output)
        : finish_(finish), pitch_(pitch), residual_(residual), output_(output) {}
    HWY_INLINE void Store(int p, SumSink::Vector total) const {
      const hn::ScalableTag<float> d;
      const auto residual = kResidual ? hn::LoadU(d, residual_ + p * pitch_) : hn::Zero(d);
      hn::StoreU(finish_(hn::ConvertTo(d, total), residual), d, output_ + p * pitch_);
    }

   private:
    Lanes finish_;
    int64_t pitch_;
    const float* residual_;
    float* output_;
  };
  // REQUIRES: begin and end: the sums are whole
  HWY_INLINE Channels At(size_t c, bool, bool) const {
    return Channels(Lanes(epilogue_, channel_ + static_cast<int64_t>(c)), pitch_, kResidual ? residual_ + c : nullptr,
                    output_ + c);
  }

 private:
  const Epilogue& epilogue_;
  int64_t channel_, pitch_;
  const float* residual_;
  float* output_;
};

template <bool kResidual>
void RunFloatRow(const CodeConv& conv, const ByteTask& task, const Row& row) {
  const int64_t pitch = conv.shape.out_channels;
  SplitRow<kMaxTile>(row.pixels, [&](int64_t first, int pixels) {
    const int64_t at = (row.pixel + first) * pitch + row.channel;
    const FloatSink<kResidual> sink(conv.finish.epilogue, row.channel, pitch,
                                    kResidual ? task.output.residual.floats + at : nullptr, task.output.floats + at);
    Tile<3>(conv, row, first, pixels, sink);
  });
}

// Whether it could be done so, and was. (Only where there is most to look up, for the sake of the program's size.)
bool RunFinished(const CodeConv& conv, const ByteTask& task, const Row& row) {
  if (conv.shared != 3 || row.channels != conv.lanes || conv.finish.quantizer.has_value()) return false;
  if (!conv.finish.epilogue.slope.empty() || task.output.residual.bytes != nullptr) return false;
  if (static_cast<int64_t>(conv.positions.size()) > PositionsOfWord<3>(conv)) return false;
  task.output.residual.floats == nullptr ? RunFloatRow<false>(conv, task, row) : RunFloatRow<true>(conv, task, row);
  return true;
}

#else

bool RunFinished(const CodeConv&, const ByteTask&, const Row&) { return false; }

#endif

void RunRow(const CodeConv& conv, const ByteTask& task, const Row& row) {
  if (RunFinished(conv, task, row)) return;
  SplitRow<kMaxTile>(row.pixels, [&](int64_t first, int pixels) {
    const SumSink sink(task.scratch);
    conv.shared == 3 ? Tile<3>(conv, row, first, pixels, sink) : Tile<1>(conv, row, first, pixels, sink);
    SumBlock block;
    block.sums = task.scratch;
    block.pitch = conv.lanes;
    block.pixel = row.pixel + first;
    block.pixels = pixels;
    block.channel = row.channel;
    block.channels = row.channels;
    block.of_channels = conv.shape.out_channels;
    block.scratch = task.scratch + pixels * conv.lanes;
    Finish(conv.finish, task.output, block);
  });
}

void RunCodeConv(const CodeConv& conv, const ByteTask& task) {
  const ConvShape& s = conv.shape;
  uint16_t* staged = reinterpret_cast<uint16_t*>(task.scratch + conv.SumFloats());
  const int64_t of_pixel = conv.tables.GroupsOfPixel(), outputs = s.GroupOutputs();
  const int64_t rows = conv.pixels ? 1 : task.count;
  for (int64_t group = 0; group < s.groups; ++group) {
    const Stager stager(conv, task.input + group * s.GroupInputs());
    conv.pixels ? stager.Pixels(task.first, task.count, staged)
                : stager.Rows(task.first / s.out_height, task.first % s.out_height, task.count, staged);
    for (int64_t panel = task.first_panel; panel < task.first_panel + task.panels; ++panel) {
      Row row;
      row.indices = conv.indices[static_cast<size_t>(group)].get() + panel * conv.LookUps() * conv.lanes;
      row.codes = staged;
      row.pitch = s.stride_width * of_pixel;
      row.pixel = conv.pixels ? task.first : task.first * s.out_width;
      row.pixels = conv.pixels ? task.count : s.out_width;
      row.channel = group * outputs + panel * conv.lanes;
      row.channels = std::min<int64_t>(conv.lanes, outputs - panel * conv.lanes);
      for (int64_t y = 0; y < rows; ++y) {
        RunRow(conv, task, row);
        row.codes += s.stride_height * conv.staged_width * of_pixel;
        row.pixel += row.pixels;
      }
    }
  }
}

const CodeConvKernel* Kernel() {
  static const CodeConvKernel kernel = {HWY_TARGET, static_cast<int>(hn::Lanes(ByteTag())), kIndexBits, &RunCodeConv};
  return &kernel;
}

}  // namespace lowbit::runtime::kernels::conv_u2::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lowbit::runtime {
namespace kernels::conv_u2 {
namespace {

HWY_EXPORT(Kernel);
const CodeConvKernel& Choose() { return *HWY_DYNAMIC_DISPATCH(Kernel)(); }

}  // namespace
}  // namespace kernels::conv_u2

const CodeConvKernel& ChooseCodeConvKernel() { return kernels::conv_u2::Choose(); }

}  // namespace lowbit::runtime
#endif
