#include "lowbit/runtime/kernels/conv/kernel.h"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lowbit/runtime/kernels/conv/kernel.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "lowbit/runtime/decode-inl.h"
#include "lowbit/runtime/epilogue-inl.h"
#include "lowbit/runtime/float_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lowbit::runtime::kernels::conv::HWY_NAMESPACE {

using namespace ::lowbit::runtime::HWY_NAMESPACE;  // NOLINT: the shared parts of this target

inline constexpr int kTile = kMostTilePixels;
inline constexpr int kSmallTile = 4;
static_assert(kTile <= kConvMaxTile, "scratch");

struct Pixel {
  const float* image = nullptr;  // First input channel of the group.
  int64_t y = 0, x = 0;          // Top left of the window in the input; may be negative.
};

// Terms [first_k, first_k + count) of a pixel's sum: the window's pixels, zeros outside of the image. What lies side by
// side in memory is copied together: a segment, which is a row of the window, or a pixel where dilation or groups leave
// gaps.
class WindowReader {
 public:
  WindowReader(const ConvShape& shape, int64_t first_k, int64_t count) : shape_(shape), count_(count) {
    const bool contiguous = shape.dilation_width == 1 && shape.groups == 1;
    columns_ = contiguous ? shape.kernel_width : 1;
    segments_per_row_ = shape.kernel_width / columns_;
    channels_ = shape.GroupInputs();
    segment_floats_ = columns_ * channels_;
    first_offset_ = first_k % segment_floats_;
    first_row_ = first_k / segment_floats_ / segments_per_row_;
    first_segment_ = first_k / segment_floats_ % segments_per_row_;
  }

  void Read(const Pixel& pixel, float* out) const {
    int64_t row = first_row_, segment = first_segment_, offset = first_offset_;
    for (int64_t left = count_; left > 0;) {
      const int64_t length = std::min(left, segment_floats_ - offset);
      ReadSegment(pixel.image, pixel.y + row * shape_.dilation_height, pixel.x + segment * shape_.dilation_width,
                  offset, length, out);
      out += length;
      left -= length;
      offset = 0;
      if (++segment == segments_per_row_) {
        segment = 0;
        ++row;
      }
    }
  }

 private:
  // Floats [offset, offset + length) of the segment whose first pixel is (y, x).
  void ReadSegment(const float* image, int64_t y, int64_t x, int64_t offset, int64_t length, float* out) const {
    if (y < 0 || y >= shape_.in_height) return Zero(out, length);
    const float* source = image + (y * shape_.in_width + x) * shape_.in_channels;
    if (x >= 0 && x + columns_ <= shape_.in_width) return CopyToPatch(source + offset, length, out);
    const int64_t end = offset + length;
    const int64_t inside = std::clamp(std::clamp<int64_t>(-x, 0, columns_) * channels_, offset, end);
    const int64_t outside = std::clamp(std::clamp<int64_t>(shape_.in_width - x, 0, columns_) * channels_, inside, end);
    Zero(out, inside - offset);
    CopyToPatch(source + inside, outside - inside, out + (inside - offset));
    Zero(out + (outside - offset), end - outside);
  }

  static void Zero(float* out, int64_t count) {
    for (int64_t i = 0; i < count; ++i) out[i] = 0;
  }

  const ConvShape& shape_;
  int64_t count_;
  int64_t columns_;  // Of the window in a segment.
  int64_t segments_per_row_, channels_, segment_floats_;
  int64_t first_row_, first_segment_, first_offset_;
};

// Pixels in the order of their numbers.
class PixelWalk {
 public:
  PixelWalk(const ConvTask& task, int64_t index) : shape_(*task.shape) {
    x_ = index % shape_.out_width;
    y_ = index / shape_.out_width % shape_.out_height;
    image_ =
        task.input + index / (shape_.out_width * shape_.out_height) * ImageFloats() + task.group * shape_.GroupInputs();
  }

  Pixel Here() const {
    return {image_, y_ * shape_.stride_height - shape_.pad_top, x_ * shape_.stride_width - shape_.pad_left};
  }

  void Next() {
    if (++x_ < shape_.out_width) return;
    x_ = 0;
    if (++y_ < shape_.out_height) return;
    y_ = 0;
    image_ += ImageFloats();
  }

 private:
  int64_t ImageFloats() const { return shape_.in_height * shape_.in_width * shape_.in_channels; }

  const ConvShape& shape_;
  const float* image_;
  int64_t y_, x_;
};

template <int kRows>
void StoreTile(const ConvTask& task, int64_t first_pixel, int rows, const float* sums) {
  const int64_t width = task.weights->PanelWidth();
  for (int r = 0; r < rows; ++r) {
    const int64_t base = (first_pixel + r) * task.shape->out_channels;
    for (int64_t p = 0; p < task.panels; ++p) {
      const int64_t row = (task.first_panel + p) * width;
      const int64_t channel = task.group * task.shape->GroupOutputs() + row;
      const float* residual = task.residual == nullptr ? nullptr : task.residual + base + channel;
      ApplyEpilogue(*task.epilogue, channel, std::min(width, task.weights->rows - row), sums + (p * kRows + r) * width,
                    residual, task.output + base + channel);
    }
  }
}

// Adds terms [k, k + count), which the patch holds, to the sums of all panels of the task, kPanels at a time.
template <class Decoder, int kRows, int kPanels>
void AccumulatePanels(const ConvTask& task, const Decoder decoder, int64_t k, int64_t count, const float* patch,
                      float* sums) {
  const PackedWeights& weights = *task.weights;
  const size_t panel_words = weights.PanelWords();
  const int64_t width = weights.PanelWidth();
  const int64_t last = weights.Panels() - 1;
  const bool half_empty = weights.rows - last * width <= weights.lanes;
  const uint32_t* words = weights.words.get() + static_cast<size_t>(task.first_panel) * panel_words +
                          static_cast<size_t>(k / Decoder::kPerWord * width);
  const bool first = k == 0;
  const int64_t full = task.panels - (half_empty && task.first_panel + task.panels > last ? 1 : 0);
  int64_t p = 0;
  for (; kPanels > 1 && p + kPanels <= full; p += kPanels) {
    Accumulate<Decoder, kRows, kPanels, kPanelVectors>(decoder, patch, k, count, words + p * panel_words, panel_words,
                                                       first, sums + p * kRows * width);
  }
  for (; p < full; ++p) {
    Accumulate<Decoder, kRows, 1, kPanelVectors>(decoder, patch, k, count, words + p * panel_words, panel_words, first,
                                                 sums + p * kRows * width);
  }
  if (p < task.panels) {
    Accumulate<Decoder, kRows, 1, 1>(decoder, patch, k, count, words + p * panel_words, panel_words, first,
                                     sums + p * kRows * width);
  }
}

// `rows` <= kRows pixels of all panels of the task.
template <class Decoder, int kRows, int kPanels>
void ComputeTile(const ConvTask& task, const Decoder decoder, int64_t first_pixel, int rows) {
  float* patch = task.scratch;
  float* sums = patch + kConvMaxTile * kPatchPitch;
  Pixel pixels[kRows];
  PixelWalk walk(task, first_pixel);
  for (int r = 0; r < rows; ++r, walk.Next()) pixels[r] = walk.Here();
  for (int64_t k = 0; k < task.weights->columns; k += kConvChunk) {
    const int64_t count = std::min(kConvChunk, task.weights->columns - k);
    const WindowReader reader(*task.shape, k, count);
    for (int r = 0; r < rows; ++r) reader.Read(pixels[r], patch + r * kPatchPitch);
    // The rest of the tile is computed and not stored.
    for (int r = rows; r < kRows; ++r) std::fill(patch + r * kPatchPitch, patch + r * kPatchPitch + count, 0.0f);
    AccumulatePanels<Decoder, kRows, kPanels>(task, decoder, k, count, patch, sums);
  }
  StoreTile<kRows>(task, first_pixel, rows, sums);
}

template <class Decoder>
struct RunWith {
  static void Run(const PackedWeights& weights, const ConvTask* task) {
    const Decoder decoder(weights);
    const int64_t end = task->first_pixel + task->pixels;
    for (int64_t pixel = task->first_pixel; pixel < end;) {
      const int64_t left = end - pixel;
      if (left == 1) {
        ComputeTile<Decoder, 1, kNarrowPanels>(*task, decoder, pixel, 1);
        pixel += 1;
      } else if (left <= kSmallTile) {
        ComputeTile<Decoder, kSmallTile, 1>(*task, decoder, pixel, static_cast<int>(left));
        pixel += left;
      } else {
        const int rows = static_cast<int>(std::min<int64_t>(left, kTile));
        ComputeTile<Decoder, kTile, 1>(*task, decoder, pixel, rows);
        pixel += rows;
      }
    }
  }
};

void RunConv(const ConvTask& task) { WithDecoder<RunWith>(*task.weights, &task); }

const ConvKernel* Kernel() {
  static const ConvKernel kernel = {HWY_TARGET, static_cast<int>(hn::Lanes(FloatTag())), kTile, &RunConv};
  return &kernel;
}

}  // namespace lowbit::runtime::kernels::conv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lowbit::runtime {
namespace kernels::conv {
namespace {

HWY_EXPORT(Kernel);
const ConvKernel& Choose() { return *HWY_DYNAMIC_DISPATCH(Kernel)(); }

}  // namespace
}  // namespace kernels::conv

const ConvKernel& ChooseConvKernel() { return kernels::conv::Choose(); }

}  // namespace lowbit::runtime
#endif
