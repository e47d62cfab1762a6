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

// kRows rows of a task.
template <int kRows>
class RowsRunner {
 public:
  RowsRunner(const BinaryProduct& product, const ByteTask& task)
      : product_(product),
        task_(task),
        tables_(reinterpret_cast<uint16_t*>(task.scratch + BinaryProduct::kFinishFloats)),
        sums_(reinterpret_cast<uint16_t*>(task.scratch + BinaryProduct::kFinishFloats + BinaryProduct::kTableFloats)) {}

  void Run(int64_t pixel) const {
    const uint8_t* rows = task_.input + pixel * product_.inputs;
    int32_t added[kRows];
    for (int r = 0; r < kRows; ++r) added[r] = ForAllChannels(rows + r * product_.inputs);
    const int64_t end = task_.first_panel + task_.panels;
    for (int64_t first = task_.first_panel; first < end; first += BinaryProduct::kMostPanels) {
      const int64_t panels = std::min<int64_t>(BinaryProduct::kMostPanels, end - first);
      AddUp(rows, first, panels);
      for (int64_t p = 0; p < panels; ++p)
        Store(pixel, first + p, sums_ + p * kPanelWords, panels * kPanelWords, added);
    }
  }

 private:
  static constexpr int kGroup = BinaryProduct::kGroup, kLanes = BinaryProduct::kLanes;
  static constexpr int64_t kPanelWords = 2 * BinaryProduct::kPanelWidth;  // Of sums.

  // base * sum byte, modulo 2^32: only what it is part of fits for sure.
  int32_t ForAllChannels(const uint8_t* row) const {
    return static_cast<int32_t>(static_cast<uint32_t>(product_.base) * SumOf(row, product_.inputs));
  }

  int64_t Channels(int64_t panel) const {
    return std::min<int64_t>(BinaryProduct::kPanelWidth, product_.outputs - panel * BinaryProduct::kPanelWidth);
  }

  // Inputs in blocks whose tables fit into the first-level cache; each block meets all panels.
  void AddUp(const uint8_t* rows, int64_t first_panel, int64_t panels) const {
    const int64_t all = product_.Pairs(), of_block = product_.PairsOfBlock();
    for (int64_t pair = 0; pair < all; pair += of_block) {
      const int64_t pairs = std::min(of_block, all - pair);
      BuildTables(rows, 2 * pair, 2 * (pair + pairs));
      for (int64_t p = 0; p < panels; ++p) {
        Add(product_.indices.get() + product_.IndexPosition(first_panel + p, pair), pairs, pair == 0,
            (Channels(first_panel + p) + kLanes - 1) / kLanes, panels * kPanelWords, sums_ + p * kPanelWords);
      }
    }
  }

  // Of groups [first, end), those beyond the row's end of zeros.
  void BuildTables(const uint8_t* rows, int64_t first, int64_t end) const {
    const TableBuilder builder;
    const int64_t inputs = product_.inputs, whole = std::min(end, inputs / kGroup);
    uint16_t* to = tables_;
    for (int64_t group = first; group < whole; ++group) {
      for (int r = 0; r < kRows; ++r, to += BinaryProduct::kTable)
        builder.Build(rows + r * inputs + group * kGroup, to);
    }
    for (int64_t group = std::max(first, whole); group < end; ++group) {
      for (int r = 0; r < kRows; ++r, to += BinaryProduct::kTable) {
        builder.BuildPart(rows + r * inputs + group * kGroup, inputs - group * kGroup, to);
      }
    }
  }

  void Add(const uint16_t* indices, int64_t pairs, bool begin, int64_t vectors, int64_t pitch, uint16_t* sums) const {
    switch (vectors) {
      case 1:
        return Accumulate<kRows, 1>(indices, tables_, pairs, begin, pitch, sums);
      case 2:
        return Accumulate<kRows, 2>(indices, tables_, pairs, begin, pitch, sums);
      case 3:
        return Accumulate<kRows, 3>(indices, tables_, pairs, begin, pitch, sums);
      case 4:
        return Accumulate<kRows, 4>(indices, tables_, pairs, begin, pitch, sums);
    }
  }

  void Store(int64_t pixel, int64_t panel, const uint16_t* sums, int64_t pitch, const int32_t* added) const {
    const __m512i scales = _mm512_set1_epi32(static_cast<int32_t>(static_cast<uint32_t>(256 * product_.slope) << 16 |
                                                                  static_cast<uint16_t>(product_.slope)));
    const int64_t channel = panel * BinaryProduct::kPanelWidth, channels = Channels(panel);
    for (int r = 0; r < kRows; ++r) {
      for (int64_t c = 0; c < channels; c += kLanes) {
        StoreTotals(sums + r * pitch + 2 * c, scales, added[r], product_.starts.data() + channel + c,
                    task_.scratch + r * BinaryProduct::kPanelWidth + c);
      }
    }
    SumBlock block;
    block.sums = task_.scratch;
    block.pitch = BinaryProduct::kPanelWidth;
    block.pixel = pixel;
    block.pixels = kRows;
    block.channel = channel;
    block.channels = channels;
    block.of_channels = product_.outputs;
    block.scratch = task_.scratch + kRows * BinaryProduct::kPanelWidth;
    Finish(product_.finish, task_.output, block);
  }

  const BinaryProduct& product_;
  const ByteTask& task_;
  uint16_t *tables_, *sums_;
};

void RunBinaryProduct(const BinaryProduct& product, const ByteTask& task) {
  constexpr int kMostRows = BinaryProduct::kMostRows;
  static_assert(kMostRows == 4);
  int64_t pixel = task.first, left = task.count;
  for (; left >= kMostRows; pixel += kMostRows, left -= kMostRows) RowsRunner<kMostRows>(product, task).Run(pixel);
  switch (left) {
    case 1:
      return RowsRunner<1>(product, task).Run(pixel);
    case 2:
      return RowsRunner<2>(product, task).Run(pixel);
    case 3:
      return RowsRunner<3>(product, task).Run(pixel);
  }
}

const BinaryProductKernel* Kernel() {
  static const BinaryProductKernel kernel = {HWY_TARGET, &RunBinaryProduct};
  return &kernel;
}

#else

const BinaryProductKernel* Kernel() { return nullptr; }

#endif

}  // namespace lowbit::runtime::kernels::binary_u8::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lowbit::runtime {
namespace kernels::binary_u8 {
namespace {

HWY_EXPORT(Kernel);
const BinaryProductKernel* Choose() { return HWY_DYNAMIC_DISPATCH(Kernel)(); }

}  // namespace
}  // namespace kernels::binary_u8

const BinaryProductKernel* ChooseBinaryProductKernel() { return kernels::binary_u8::Choose(); }

}  // namespace lowbit::runtime
#endif
