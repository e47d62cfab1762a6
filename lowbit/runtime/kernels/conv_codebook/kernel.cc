#include "lowbit/runtime/kernels/conv_codebook/kernel.h"

#include <algorithm>

// For vpermi2b.
#define HWY_WANT_AVX3_DL
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lowbit/runtime/kernels/conv_codebook/kernel.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "lowbit/runtime/epilogue-inl.h"
#include "lowbit/runtime/float_tile-inl.h"
#include "lowbit/runtime/kernels/conv_codebook/look_up-inl.h"
#include "lowbit/runtime/kernels/conv_codebook/rows-inl.h"
#include "lowbit/runtime/split_row.h"

HWY_BEFORE_NAMESPACE();
namespace lowbit::runtime::kernels::conv_codebook::HWY_NAMESPACE {

using namespace ::lowbit::runtime::HWY_NAMESPACE;  // NOLINT: the shared parts of this target

// Terms of the sums that are decoded and multiplied together.
struct Chunk {
  int64_t first_tap, taps, first_channel, channels;
  int64_t Terms() const { return taps * channels; }
};

// Calls visit(chunk) for each chunk of the layer, in the order in which they are summed.
template <typename Function>
void ForEachChunk(const CodebookConv& conv, const Function& visit) {
  const int64_t all_taps = conv.shape.Taps(), all_channels = conv.shape.GroupInputs();
  for (int64_t channel = 0; channel < all_channels; channel += conv.chunk_channels) {
    for (int64_t tap = 0; tap < all_taps; tap += conv.chunk_taps) {
      visit(Chunk{tap, std::min(conv.chunk_taps, all_taps - tap), channel,
                  std::min(conv.chunk_channels, all_channels - channel)});
    }
  }
}

// Lists where a chunk's weights are, word by word; returns how many there are, which is Terms().
int FindPlaces(const CodebookWeights& weights, const Chunk& chunk, Place* places) {
  const int64_t begin = chunk.first_channel * weights.taps, end = begin + chunk.channels * weights.taps;
  Place* next = places;
  for (int64_t word = 0; word < weights.block; ++word) {
    const int64_t first_code = std::max<int64_t>(0, begin - word + weights.block - 1) / weights.block;
    int64_t column = first_code * weights.block + word;
    for (int64_t code = first_code; column < end; ++code, column += weights.block) {
      const int64_t tap = column % weights.taps - chunk.first_tap,
                    channel = column / weights.taps - chunk.first_channel;
      if (tap < 0 || tap >= chunk.taps) continue;
      *next++ = {static_cast<int32_t>(code), static_cast<int32_t>(word),
                 static_cast<int32_t>(tap * chunk.channels + channel)};
    }
  }
  return static_cast<int>(next - places);
}

// The input's pixels under a chunk's taps of an output pixel's window.
class Window {
 public:
  Window(const CodebookConv& conv, const CodebookTask& task, const Chunk& chunk)
      : shape_(conv.shape),
        chunk_(chunk),
        input_(task.input + task.group * shape_.GroupInputs() + chunk.first_channel),
        first_ky_(chunk.first_tap / shape_.kernel_width),
        first_kx_(chunk.first_tap % shape_.kernel_width) {}

  // Writes Terms() floats; zeros outside of the image.
  void Read(int64_t pixel, float* HWY_RESTRICT out) const {
    const int64_t x0 = pixel % shape_.out_width * shape_.stride_width - shape_.pad_left;
    const int64_t y0 = pixel / shape_.out_width % shape_.out_height * shape_.stride_height - shape_.pad_top;
    const int64_t image = pixel / (shape_.out_width * shape_.out_height);
    const float* first = input_ + image * shape_.in_height * shape_.in_width * shape_.in_channels;
    int64_t ky = first_ky_, kx = first_kx_;
    for (int64_t tap = 0; tap < chunk_.taps; ++tap, out += chunk_.channels) {
      const int64_t y = y0 + ky * shape_.dilation_height, x = x0 + kx * shape_.dilation_width;
      const bool inside = y >= 0 && y < shape_.in_height && x >= 0 && x < shape_.in_width;
      inside ? CopyToPatch(first + (y * shape_.in_width + x) * shape_.in_channels, chunk_.channels, out) : Zero(out);
      if (++kx == shape_.kernel_width) kx = 0, ++ky;
    }
  }

 private:
  void Zero(float* to) const { std::fill(to, to + chunk_.channels, 0.0f); }

  const ConvShape& shape_;
  Chunk chunk_;
  const float* input_;
  int64_t first_ky_, first_kx_;
};

// Products of one panel of decoded weights with the patches of a task.
class PanelProduct {
 public:
  // first: the sums are not read, but begun.
  PanelProduct(const float* decoded, int64_t terms, bool half, bool first)
      : words_(reinterpret_cast<const uint32_t*>(decoded)), terms_(terms), half_(half), first_(first) {}

  void Tile(const float* patch, int pixels, float* sums) const {
    switch (pixels) {
      case 1:
        return TileOf<1>(patch, sums);
      case 2:
        return TileOf<2>(patch, sums);
      case 3:
        return TileOf<3>(patch, sums);
      case 4:
        return TileOf<4>(patch, sums);
#if HWY_TARGET != HWY_SSSE3 && HWY_TARGET != HWY_SSE4 && HWY_TARGET != HWY_AVX2
      case 6:
        return TileOf<6>(patch, sums);
      case 7:
        return TileOf<7>(patch, sums);
      case 8:
        return TileOf<8>(patch, sums);
      case 12:
        return TileOf<12>(patch, sums);
#endif
    }
  }

 private:
  template <int kRows>
  void TileOf(const float* patch, float* sums) const {
    const FloatDecoder decoder;
    half_ ? Accumulate<FloatDecoder, kRows, 1, 1>(decoder, patch, 0, terms_, words_, 0, first_, sums)
          : Accumulate<FloatDecoder, kRows, 1, kPanelVectors>(decoder, patch, 0, terms_, words_, 0, first_, sums);
  }

  const uint32_t* words_;
  int64_t terms_;
  bool half_, first_;
};

// A task's pixels times its panels, by decoding.
class DecodingRun {
 public:
  DecodingRun(const CodebookConv& conv, const CodebookTask& task)
      : conv_(conv),
        task_(task),
        weights_(conv.weights[static_cast<size_t>(task.group)]),
        decoded_(task.scratch),
        patches_(decoded_ + kPatchFloats * weights_.PanelWidth()),
        sums_(patches_ + kCodebookPixels * kPatchPitch) {}

  void Run() const {
    bool first = true;
    ForEachChunk(conv_, [&](const Chunk& chunk) {
      AddChunk(chunk, first);
      first = false;
    });
    for (int64_t r = 0; r < task_.pixels; ++r) Store(r);
  }

 private:
  float* Sums(int64_t panel, int64_t pixel) const {
    return sums_ + (panel * task_.pixels + pixel) * weights_.PanelWidth();
  }

  void AddChunk(const Chunk& chunk, bool first) const {
    const bool vectors = weights_.layout == CodebookLayout::kVectors;
    Place places[kPatchFloats];
    const int count = vectors ? 0 : FindPlaces(weights_, chunk, places);
    const Window window(conv_, task_, chunk);
    for (int64_t r = 0; r < task_.pixels; ++r) window.Read(task_.first_pixel + r, patches_ + r * kPatchPitch);
    for (int64_t p = 0; p < task_.panels; ++p) {
      const int64_t panel = task_.first_panel + p;
      vectors ? LookUpVectors(weights_, panel, chunk.first_channel / weights_.block, chunk.channels / weights_.block,
                              decoded_)
              : LookUp(weights_, panel, places, count, decoded_);
      const bool half = weights_.rows - panel * weights_.PanelWidth() <= weights_.lanes;
      const PanelProduct product(decoded_, chunk.Terms(), half, first);
      SplitRow<kMostTilePixels>(task_.pixels, [&](int64_t r, int pixels) {
        FetchAhead(chunk, p, r, pixels);
        product.Tile(patches_ + r * kPatchPitch, pixels, Sums(p, r));
      });
    }
  }

  // While some pixels are multiplied with panel p, a part of what they need next is brought to the second-level cache: the next
  // chunk of a 1x1 kernel's input, in the end what results are added to and where they go.
  void FetchAhead(const Chunk& chunk, int64_t p, int64_t r, int64_t pixels) const {
    const ConvShape& s = conv_.shape;
    const int64_t next = chunk.first_channel + chunk.channels;
    if (next < s.GroupInputs()) {
      if (!s.IsPointwise()) return;
      const float* from = task_.input + (task_.first_pixel + r) * s.in_channels + task_.group * s.GroupInputs() + next;
      const int64_t end = std::min(conv_.chunk_channels, s.GroupInputs() - next);
      for (int64_t i = 0; i < pixels; ++i, from += s.in_channels) {
        for (int64_t c = p * kLineFloats; c < end; c += task_.panels * kLineFloats) Fetch(from + c);
      }
    } else if (chunk.first_tap + chunk.taps == s.Taps()) {
      const int64_t at = At(p, r), channels = Channels(p);
      for (int64_t i = 0; i < pixels; ++i) {
        for (int64_t c = i * s.out_channels; c < i * s.out_channels + channels; c += kLineFloats) {
          Fetch(task_.output + at + c);
          if (task_.residual != nullptr) Fetch(task_.residual + at + c);
        }
      }
    }
  }

  static constexpr int64_t kLineFloats = 16;
  static void Fetch(const float* line) { __builtin_prefetch(line, 0, 2); }

  int64_t Channels(int64_t panel) const {
    return std::min<int64_t>(weights_.PanelWidth(),
                             weights_.rows - (task_.first_panel + panel) * weights_.PanelWidth());
  }

  // Where the results of a panel of a pixel begin.
  int64_t At(int64_t panel, int64_t pixel) const {
    return (task_.first_pixel + pixel) * conv_.shape.out_channels + task_.group * conv_.shape.GroupOutputs() +
           (task_.first_panel + panel) * weights_.PanelWidth();
  }

  // Pixel by pixel, whose panels lie side by side.
  void Store(int64_t r) const {
    for (int64_t p = 0; p < task_.panels; ++p) {
      const int64_t at = At(p, r), channel = at % conv_.shape.out_channels;
      ApplyEpilogue(conv_.epilogue, channel, Channels(p), Sums(p, r),
                    task_.residual == nullptr ? nullptr : task_.residual + at, task_.output + at);
    }
  }

  const CodebookConv& conv_;
  const CodebookTask& task_;
  const CodebookWeights& weights_;
  float *decoded_, *patches_, *sums_;
};

void Run(const CodebookConv& conv, const CodebookTask& task) {
  conv.by_rows ? RunRows(conv, task) : DecodingRun(conv, task).Run();
}

const CodebookConvKernel* Kernel() {
  static const CodebookConvKernel kernel = {HWY_TARGET,
                                            static_cast<int>(hn::Lanes(FloatTag())),
                                            kLooksUpPlanes,
                                            kTransposesVectors,
                                            kHasRows,
                                            kMostTilePixels,
                                            &Run};
  return &kernel;
}

}  // namespace lowbit::runtime::kernels::conv_codebook::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lowbit::runtime {
namespace kernels::conv_codebook {
namespace {

HWY_EXPORT(Kernel);
const CodebookConvKernel& Choose() { return *HWY_DYNAMIC_DISPATCH(Kernel)(); }

}  // namespace
}  // namespace kernels::conv_codebook

const CodebookConvKernel& ChooseCodebookConvKernel() { return kernels::conv_codebook::Choose(); }

}  // namespace lowbit::runtime
#endif
