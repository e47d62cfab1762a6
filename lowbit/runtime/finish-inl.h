// From sums to stored results. Included once for each target.

#if defined(LOWBIT_RUNTIME_FINISH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef LOWBIT_RUNTIME_FINISH_INL_H_
#undef LOWBIT_RUNTIME_FINISH_INL_H_
#else
#define LOWBIT_RUNTIME_FINISH_INL_H_
#endif

#include <algorithm>

#include "hwy/highway.h"
#include "lowbit/runtime/byte_output.h"
#include "lowbit/runtime/epilogue-inl.h"
#include "lowbit/runtime/quantize-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lowbit::runtime::HWY_NAMESPACE {

// Sums of some channels of some pixels that follow each other in the output.
struct SumBlock {
  float* sums = nullptr;              // Channel c of pixel r at r * pitch + c; overwritten.
  int64_t pitch = 0;                  // At least `channels`.
  int64_t pixel = 0, pixels = 0;      // In the output.
  int64_t channel = 0, channels = 0;  // Of the output's pixels,
  int64_t of_channels = 0;            // which have so many.
  float* scratch = nullptr;           // `channels` floats.

  int64_t At(int64_t r) const { return (pixel + r) * of_channels + channel; }
};

// All channels in one pass, a vector at a time; the last one overlaps the one before where channels do not fill it, which
// computes some twice. REQUIRES: block.channels is at least a vector's lanes; no residual where results go
//   kResidual: 0 none, 1 floats, 2 bytes
template <int kResidual, bool kSlope, bool kBytes>
HWY_NOINLINE void FinishVectors(const ByteFinish& finish, const ByteOutput& output, const SumBlock& block) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  // Sums are finite, and so is what scale and shift make of them.
  constexpr bool kClipOnce = kBytes && kResidual == 0 && !kSlope;
  const Epilogue& epilogue = finish.epilogue;
  static const ByteQuantizer none;
  const ByteQuantizer& quantizer = kBytes ? *finish.quantizer : none;
  const bool is_grid = !quantizer.bipolar && quantizer.table.count == 0;
  const bool clip_once = kClipOnce && is_grid && quantizer.scale > 0 && epilogue.low <= epilogue.high;
  const QuantizeLanes quantize =
      clip_once ? QuantizeLanes::OfClipped(quantizer, epilogue.low, epilogue.high) : QuantizeLanes{quantizer};
  for (int64_t first = 0; first < block.channels; first += lanes) {
    const int64_t c = std::min(first, block.channels - lanes);
    const EpilogueLanes<kResidual != 0, kSlope> apply(epilogue, block.channel + c);
    const float* sums = block.sums + c;
    for (int64_t r = 0; r < block.pixels; ++r, sums += block.pitch) {
      const int64_t at = block.At(r) + c;
      const ByteResidual& added = output.residual;
      auto residual = hn::Zero(d);
      if (kResidual == 1) residual = hn::LoadU(d, added.floats + at);
      if (kResidual == 2) residual = WidenLanes(added.offset, added.unit, added.bytes + at);
      const auto x = hn::LoadU(d, sums);
      const auto y = kClipOnce && clip_once ? apply.Unclipped(x, residual) : apply(x, residual);
      if (kBytes) {
        quantize.Store(y, output.bytes + at);
      } else {
        hn::StoreU(y, d, output.floats + at);
      }
    }
  }
}

template <int kResidual>
void FinishVectorsWith(const ByteFinish& finish, const ByteOutput& output, const SumBlock& block) {
  const bool slope = !finish.epilogue.slope.empty();
  if (finish.quantizer.has_value()) {
    return slope ? FinishVectors<kResidual, true, true>(finish, output, block)
                 : FinishVectors<kResidual, false, true>(finish, output, block);
  }
  return slope ? FinishVectors<kResidual, true, false>(finish, output, block)
               : FinishVectors<kResidual, false, false>(finish, output, block);
}

// For channels that do not fill a vector.
inline void FinishRuns(const ByteFinish& finish, const ByteOutput& output, const SumBlock& block) {
  for (int64_t r = 0; r < block.pixels; ++r) {
    const int64_t at = block.At(r);
    float* sums = block.sums + r * block.pitch;
    const ByteResidual& added = output.residual;
    const float* residual = added.floats == nullptr ? nullptr : added.floats + at;
    if (added.bytes != nullptr) {
      WidenRun(added.offset, added.unit, block.channels, added.bytes + at, block.scratch);
      residual = block.scratch;
    }
    float* to = finish.quantizer.has_value() ? sums : output.floats + at;
    ApplyEpilogue(finish.epilogue, block.channel, block.channels, sums, residual, to);
    if (finish.quantizer.has_value()) QuantizeRun(*finish.quantizer, block.channels, sums, output.bytes + at);
  }
}

// Epilogue, residual and quantizer; stores the results.
inline void Finish(const ByteFinish& finish, const ByteOutput& output, const SumBlock& block) {
  const int64_t lanes = static_cast<int64_t>(hwy::HWY_NAMESPACE::Lanes(hwy::HWY_NAMESPACE::ScalableTag<float>()));
  if (block.channels < lanes) return FinishRuns(finish, output, block);
  if (output.residual.floats != nullptr) return FinishVectorsWith<1>(finish, output, block);
  if (output.residual.bytes != nullptr) return FinishVectorsWith<2>(finish, output, block);
  FinishVectorsWith<0>(finish, output, block);
}

}  // namespace lowbit::runtime::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // LOWBIT_RUNTIME_FINISH_INL_H_
