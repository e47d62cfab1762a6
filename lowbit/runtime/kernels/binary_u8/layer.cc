#include <algorithm>
#include <cstring>

#include "lowbit/runtime/byte_weights.h"
#include "lowbit/runtime/kernels/binary_u8/kernel.h"
#include "lowbit/runtime/weight_memory.h"

namespace lowbit::runtime {
namespace {

constexpr int kGroup = BinaryConv::kGroup, kLanes = BinaryConv::kLanes, kPanelWidth = BinaryConv::kPanelWidth;

// Equally large but for the last one, and even.
std::vector<BinaryConv::Block> CutIntoBlocks(const BinaryConv& conv) {
  const int64_t all = conv.GroupsOfPixel(), most = BinaryConv::kMostLookUps / conv.shared;
  const int64_t count = (all + most - 1) / most, size = ((all + count - 1) / count + 1) / 2 * 2;
  std::vector<BinaryConv::Block> blocks;
  int64_t indices = 0;
  for (int64_t first = 0; first < all; first += size) {
    const int64_t groups = std::min(size, all - first), words = (groups + 1) / 2 * conv.shared * kPanelWidth;
    blocks.push_back({first, groups, indices, words});
    indices += words;
  }
  return blocks;
}

// Of a channel in its vector.
int64_t WordOf(int64_t channel) { return channel % 16 / 4 * 8 + channel / 16 * 4 + channel % 4; }

// Of an output channel.
class IndexPacker {
 public:
  // codes: those of each tap's input channels.
  IndexPacker(const uint8_t* codes, int64_t channel, BinaryConv* conv)
      : codes_(codes), channel_(channel), conv_(*conv) {}

  void Pack() const {
    for (const BinaryConv::Block& block : conv_.blocks) {
      for (int64_t row = 0; row < conv_.shape.kernel_height; ++row) PackRow(block, row);
    }
  }

 private:
  void PackRow(const BinaryConv::Block& block, int64_t row) const {
    const int64_t lane = channel_ % kPanelWidth / kLanes * kLanes + WordOf(channel_ % kLanes);
    uint16_t* to = conv_.indices.get() + conv_.IndexPosition(block, channel_ / kPanelWidth, row) + lane;
    for (int64_t group = block.first; group < block.first + block.groups; group += 2) {
      for (int64_t tap = row * conv_.shared; tap < (row + 1) * conv_.shared; ++tap, to += kPanelWidth) {
        const bool pair = group + 1 < block.first + block.groups;
        *to = static_cast<uint16_t>(IndexOf(tap, group) | (pair ? IndexOf(tap, group + 1) << 8 : 0));
      }
    }
  }

  int IndexOf(int64_t tap, int64_t group) const {
    const int64_t first = conv_.FirstChannel(group);
    int index = 0;
    for (int64_t c = group * kGroup; c < first + kGroup; ++c) {
      index |= codes_[tap * conv_.shape.in_channels + c] << (c - first);
    }
    return index;
  }

  const uint8_t* codes_;
  int64_t channel_;
  BinaryConv& conv_;
};

}  // namespace

BinaryConv::BinaryConv(const ConvShape& conv_shape, const WeightSource& source, int32_t offset)
    : shape(conv_shape),
      pixels(conv_shape.IsPointwise()),
      shared(static_cast<int>(conv_shape.kernel_width)),
      input_offset(offset) {
  const auto& tensor = std::get<QTensor>(source.parameter->value);
  const std::vector<int32_t> integers = IntegersOf(source)->integers;
  slope = integers[1] - integers[0];
  base = integers[0];
  values = tensor.values.Name();
  blocks = CutIntoBlocks(*this);
  const auto total = static_cast<size_t>(Panels() * PanelWords());
  indices = AllocateWeights<uint16_t>(total);
  std::memset(indices.get(), 0, 2 * total);
  starts.assign(static_cast<size_t>(Panels() * kPanelWidth), 0);
  std::vector<uint8_t> codes(static_cast<size_t>(source.taps * source.channels));
  const auto weights = static_cast<int32_t>(source.taps * source.channels);
  for (int64_t channel = 0; channel < shape.out_channels; ++channel) {
    ReadRow(source, tensor.shape, tensor.codes.data(), channel, source.channels, codes.data());
    const auto ones = static_cast<int32_t>(std::count(codes.begin(), codes.end(), uint8_t{1}));
    starts[static_cast<size_t>(channel)] = -offset * (slope * ones + base * weights);
    IndexPacker(codes.data(), channel, this).Pack();
  }
}

// Equal strips of whole tiles, if not all columns fit.
int64_t BinaryConv::StripWidth() const {
  const int64_t of_column = blocks[0].groups * kTable * 2, columns = kTableBytes / of_column - (shared - 1);
  const int64_t most = std::max<int64_t>(kMostPixels, columns / kMostPixels * kMostPixels);
  const int64_t strips = (shape.out_width + most - 1) / most, even = (shape.out_width + strips - 1) / strips;
  return std::min(shape.out_width, (even + kMostPixels - 1) / kMostPixels * kMostPixels);
}

int64_t BinaryConv::TableFloats() const {
  return blocks[0].groups * (pixels ? kMostPixels : StripInputs()) * kTable / 2;
}

int64_t BinaryConv::SumFloats() const {
  if (pixels) return kMostPixels * kPanelWidth * std::min<int64_t>(kMostPanels, Panels());
  return OpenRows() * Panels() * StripWidth() * kPanelWidth;
}

int64_t BinaryConv::ScratchFloats() const {
  return kFinishFloats + TableFloats() + SumFloats() + (pixels ? 0 : (OpenRows() + 1) * StripWidth());
}

}  // namespace lowbit::runtime
