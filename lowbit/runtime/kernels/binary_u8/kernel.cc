#include "lowbit/runtime/kernels/binary_u8/kernel.h"

#include <algorithm>

// For the same name as the other kernels of bytes.
#define HWY_WANT_AVX3_DL
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lowbit/runtime/kernels/binary_u8/kernel.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "lowbit/runtime/finish-inl.h"
#include "lowbit/runtime/kernels/binary_u8/look_up-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lowbit::runtime::kernels::binary_u8::HWY_NAMESPACE {

#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3

using namespace ::lowbit::runtime::HWY_NAMESPACE;  // NOLINT: the shared parts of this target

// What tasks of pixels and of rows share.
class Runner {
 public:
  Runner(const BinaryConv& conv, const ByteTask& task)
      : conv_(conv),
        task_(task),
        tables_(reinterpret_cast<uint16_t*>(task.scratch + BinaryConv::kFinishFloats)),
        sums_(reinterpret_cast<uint16_t*>(task.scratch + BinaryConv::kFinishFloats + conv.TableFloats())) {}

 protected:
  static constexpr int64_t kMostPixels = BinaryConv::kMostPixels, kLanes = BinaryConv::kLanes;
  static constexpr int64_t kPanelWords = 2 * BinaryConv::kPanelWidth;  // Of sums.

  int64_t Channels(int64_t panel) const {
    return std::min<int64_t>(BinaryConv::kPanelWidth, conv_.shape.out_channels - panel * BinaryConv::kPanelWidth);
  }
  int64_t Vectors(int64_t panel) const { return (Channels(panel) + kLanes - 1) / kLanes; }

  // base * sum byte, modulo 2^32: only what it is part of fits for sure.
  int32_t TimesBase(uint32_t sum) const { return static_cast<int32_t>(static_cast<uint32_t>(conv_.base) * sum); }

  // The tables of a block of `count` pixels side by side in the input, `pitch` words further for each group.
  void BuildTables(const BinaryConv::Block& block, const uint8_t* pixel, int64_t count, int64_t pitch,
                   uint16_t* to) const {
    const TableBuilder builder;
    const int64_t channels = conv_.shape.in_channels;
    for (int64_t group = block.first; group < block.first + block.groups; ++group, to += pitch) {
      const uint8_t* bytes = pixel + conv_.FirstChannel(group);
      for (int64_t i = 0; i < count; ++i, bytes += channels) builder.Build(bytes, to + i * BinaryConv::kTable);
    }
  }

  // Finishes a panel of some pixels. added: what all channels of a pixel have in common.
  void Store(int64_t pixel, int64_t pixels, int64_t panel, const uint16_t* sums, int64_t pitch,
             const int32_t* added) const {
    const __m512i scales = _mm512_set1_epi32(
        static_cast<int32_t>(static_cast<uint32_t>(256 * conv_.slope) << 16 | static_cast<uint16_t>(conv_.slope)));
    SumBlock block;
    block.sums = task_.scratch;
    block.pitch = BinaryConv::kPanelWidth;
    block.pixel = pixel;
    block.pixels = pixels;
    block.channel = panel * BinaryConv::kPanelWidth;
    block.channels = Channels(panel);
    block.of_channels = conv_.shape.out_channels;
    block.scratch = task_.scratch + pixels * BinaryConv::kPanelWidth;
    const int32_t* starts = conv_.starts.data() + block.channel;
    for (int64_t r = 0; r < pixels; ++r) {
      for (int64_t c = 0; c < block.channels; c += kLanes) {
        StoreTotals(sums + r * pitch + 2 * c, scales, added[r], starts + c, block.sums + r * block.pitch + c);
      }
    }
    Finish(conv_.finish, task_.output, block);
  }

  const BinaryConv& conv_;
  const ByteTask& task_;
  uint16_t *tables_, *sums_;
};

// Tasks of pixels: rows of a matrix.
class PixelRunner : public Runner {
 public:
  using Runner::Runner;

  void Run() const {
    for (int64_t done = 0; done < task_.count; done += kMostPixels) {
      RunPixels(task_.first + done, std::min(kMostPixels, task_.count - done));
    }
  }

 private:
  void RunPixels(int64_t pixel, int64_t count) const {
    const int64_t channels = conv_.shape.in_channels, end = task_.first_panel + task_.panels;
    const uint8_t* bytes = task_.input + pixel * channels;
    int32_t added[kMostPixels];
    for (int64_t r = 0; r < count; ++r) added[r] = TimesBase(SumOf(bytes + r * channels, channels));
    for (int64_t first = task_.first_panel; first < end; first += BinaryConv::kMostPanels) {
      const int64_t panels = std::min<int64_t>(BinaryConv::kMostPanels, end - first), pitch = panels * kPanelWords;
      for (const BinaryConv::Block& block : conv_.blocks) AddBlock(block, bytes, count, first, panels);
      for (int64_t p = 0; p < panels; ++p) Store(pixel, count, first + p, sums_ + p * kPanelWords, pitch, added);
    }
  }

  // The block's tables stay in the first-level cache while they meet all panels.
  void AddBlock(const BinaryConv::Block& block, const uint8_t* bytes, int64_t count, int64_t first_panel,
                int64_t panels) const {
    LookUps what;
    what.groups = block.groups;
    what.tables = tables_;
    what.pitch = count * BinaryConv::kTable;
    BuildTables(block, bytes, count, what.pitch, tables_);
    for (int64_t p = 0; p < panels; ++p) {
      what.indices = conv_.indices.get() + conv_.IndexPosition(block, first_panel + p, 0);
      Accumulate<1>(count, Vectors(first_panel + p), what, block.first == 0, panels * kPanelWords,
                    sums_ + p * kPanelWords);
    }
  }
};

// Tasks of rows of an image, strip by strip of columns: each row of the input is met by all rows of taps while its tables are in the
// first-level cache; the rows of the output that these belong to are open at a time.
class WindowRunner : public Runner {
 public:
  WindowRunner(const BinaryConv& conv, const ByteTask& task)
      : Runner(conv, task),
        shape_(conv.shape),
        image_(task.input + task.first / shape_.out_height * shape_.in_height * shape_.in_width * shape_.in_channels),
        first_(task.first % shape_.out_height),
        strip_(conv.StripWidth()),
        open_rows_(conv.OpenRows()),
        pitch_(conv.StripInputs() * BinaryConv::kTable),
        bytes_(reinterpret_cast<uint32_t*>(task.scratch + BinaryConv::kFinishFloats + conv.TableFloats() +
                                           conv.SumFloats())) {}

  void Run() const {
    const int64_t last = first_ + task_.count - 1;
    for (int64_t x = 0; x < shape_.out_width; x += strip_) {
      const Strip strip = {x, std::min(strip_, shape_.out_width - x)};
      for (int64_t y = TopOf(first_); y <= BottomOf(last); ++y) {
        for (const BinaryConv::Block& block : conv_.blocks) AddRow(strip, y, block);
        const int64_t ended = OutputOf(y, shape_.kernel_height - 1);
        if (ended >= 0) StoreRow(strip, ended);
      }
    }
  }

 private:
  struct Strip {
    int64_t x, width;  // Of the output.
  };

  int64_t TopOf(int64_t oy) const { return oy * shape_.stride_height - shape_.pad_top; }
  int64_t BottomOf(int64_t oy) const { return TopOf(oy) + (shape_.kernel_height - 1) * shape_.dilation_height; }

  // The task's row of the output in which that row of taps meets row y of the input; -1: none.
  int64_t OutputOf(int64_t y, int64_t tap_row) const {
    const int64_t top = y + shape_.pad_top - tap_row * shape_.dilation_height;
    const int64_t oy = top / shape_.stride_height;
    return top % shape_.stride_height == 0 && oy >= first_ && oy < first_ + task_.count ? oy : -1;
  }

  uint16_t* SumsOf(int64_t oy, int64_t panel) const {
    return sums_ + (oy % open_rows_ * task_.panels + panel - task_.first_panel) * strip_ * kPanelWords;
  }
  uint32_t* BytesOf(int64_t oy) const { return bytes_ + oy % open_rows_ * strip_; }

  // Adds what row y of the input is for all rows of the output.
  void AddRow(const Strip& strip, int64_t y, const BinaryConv::Block& block) const {
    KeepTables(strip, y, block);
    LookUps what;
    what.groups = block.groups;
    what.pitch = pitch_;
    for (int64_t panel = task_.first_panel; panel < task_.first_panel + task_.panels; ++panel) {
      for (int64_t ky = 0; ky < shape_.kernel_height; ++ky) {
        const int64_t oy = OutputOf(y, ky);
        if (oy < 0) continue;
        what.indices = conv_.indices.get() + conv_.IndexPosition(block, panel, ky);
        uint16_t* sums = SumsOf(oy, panel);
        for (int64_t i = 0; i < strip.width; i += kMostPixels) {
          what.tables = tables_ + i * BinaryConv::kTable;
          Accumulate<3>(std::min(kMostPixels, strip.width - i), Vectors(panel), what, ky == 0 && block.first == 0,
                        kPanelWords, sums + i * kPanelWords);
        }
      }
    }
    if (block.first == 0 && conv_.base != 0) AddBytes(strip, y);
  }

  // The tables of what the strip meets of row y.
  void KeepTables(const Strip& strip, int64_t y, const BinaryConv::Block& block) const {
    const int64_t begin = strip.x - shape_.pad_left, width = strip.width + 2;
    int64_t before = width, end = width;
    if (y >= 0 && y < shape_.in_height) {
      before = std::clamp<int64_t>(-begin, 0, width);
      end = std::clamp<int64_t>(shape_.in_width - begin, before, width);
    }
    KeepPadding(block, 0, before);
    if (before < end) BuildTables(block, Pixel(y, begin + before), end - before, pitch_, TableOf(0, before));
    KeepPadding(block, end, width);
  }

  const uint8_t* Pixel(int64_t y, int64_t x) const { return image_ + (y * shape_.in_width + x) * shape_.in_channels; }
  uint16_t* TableOf(int64_t group, int64_t i) const { return tables_ + group * pitch_ + i * BinaryConv::kTable; }

  // Pixels of the integer 0.
  void KeepPadding(const BinaryConv::Block& block, int64_t begin, int64_t end) const {
    const TableBuilder builder;
    uint8_t six[BinaryConv::kGroup];
    std::fill(six, six + BinaryConv::kGroup, static_cast<uint8_t>(conv_.input_offset));
    for (int64_t group = 0; group < block.groups && begin < end; ++group) {
      for (int64_t i = begin; i < end; ++i) builder.Build(six, TableOf(group, i));
    }
  }

  // Adds the sums of row y's bytes to those of windows.
  void AddBytes(const Strip& strip, int64_t y) const {
    const auto padding = static_cast<uint32_t>(conv_.input_offset * shape_.in_channels);
    const bool outside = y < 0 || y >= shape_.in_height;
    const auto sum_of = [&](int64_t x) {
      return outside || x < 0 || x >= shape_.in_width ? padding : SumOf(Pixel(y, x), shape_.in_channels);
    };
    const int64_t begin = strip.x - shape_.pad_left;
    uint32_t left = sum_of(begin), middle = sum_of(begin + 1);
    uint32_t* HWY_RESTRICT row = bytes_ + open_rows_ * strip_;
    for (int64_t i = 0; i < strip.width; ++i) {
      const uint32_t right = sum_of(begin + i + 2);
      row[i] = left + middle + right;
      left = middle;
      middle = right;
    }
    for (int64_t ky = 0; ky < shape_.kernel_height; ++ky) {
      const int64_t oy = OutputOf(y, ky);
      if (oy < 0) continue;
      uint32_t* HWY_RESTRICT to = BytesOf(oy);
      for (int64_t i = 0; i < strip.width; ++i) to[i] = row[i] + (ky == 0 ? 0 : to[i]);
    }
  }

  void StoreRow(const Strip& strip, int64_t oy) const {
    const int64_t pixel = (task_.first - first_ + oy) * shape_.out_width + strip.x;
    for (int64_t i = 0; i < strip.width; i += kMostPixels) {
      const int64_t pixels = std::min(kMostPixels, strip.width - i);
      int32_t added[kMostPixels] = {};
      for (int64_t r = 0; r < pixels && conv_.base != 0; ++r) added[r] = TimesBase(BytesOf(oy)[i + r]);
      for (int64_t panel = task_.first_panel; panel < task_.first_panel + task_.panels; ++panel) {
        Store(pixel + i, pixels, panel, SumsOf(oy, panel) + i * kPanelWords, kPanelWords, added);
      }
    }
  }

  const ConvShape& shape_;
  const uint8_t* image_;
  int64_t first_;  // Row of the image's output.
  int64_t strip_, open_rows_, pitch_;
  uint32_t* bytes_;  // Sums of the bytes of open windows; then those of a row of taps.
};

void RunBinaryConv(const BinaryConv& conv, const ByteTask& task) {
  conv.pixels ? PixelRunner(conv, task).Run() : WindowRunner(conv, task).Run();
}

const BinaryConvKernel* Kernel() {
  static const BinaryConvKernel kernel = {HWY_TARGET, &RunBinaryConv};
  return &kernel;
}

#else

const BinaryConvKernel* Kernel() { return nullptr; }

#endif

}  // namespace lowbit::runtime::kernels::binary_u8::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lowbit::runtime {
namespace kernels::binary_u8 {
namespace {

HWY_EXPORT(Kernel);
const BinaryConvKernel* Choose() { return HWY_DYNAMIC_DISPATCH(Kernel)(); }

}  // namespace
}  // namespace kernels::binary_u8

const BinaryConvKernel* ChooseBinaryConvKernel() { return kernels::binary_u8::Choose(); }

}  // namespace lowbit::runtime
#endif
