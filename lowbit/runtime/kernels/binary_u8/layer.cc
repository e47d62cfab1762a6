#include <algorithm>
#include <cstring>

#include "lowbit/runtime/byte_weights.h"
#include "lowbit/runtime/kernels/binary_u8/kernel.h"
#include "lowbit/runtime/weight_memory.h"

namespace lowbit::runtime {
namespace {

// Of a channel in its vector.
int64_t WordOf(int64_t channel) { return channel % 16 / 4 * 8 + channel / 16 * 4 + channel % 4; }

uint16_t IndexOf(const uint8_t* codes) {
  int index = 0;
  for (int i = 0; i < BinaryProduct::kGroup; ++i) index |= codes[i] << i;
  return static_cast<uint16_t>(index);
}

// Of the row's codes, padded to whole pairs.
void StoreIndices(const uint8_t* codes, int64_t row, BinaryProduct* product) {
  constexpr int kGroup = BinaryProduct::kGroup, kLanes = BinaryProduct::kLanes,
                kPanelWidth = BinaryProduct::kPanelWidth;
  const int64_t lane = row % kPanelWidth / kLanes * kLanes + WordOf(row % kLanes), of_block = product->PairsOfBlock();
  for (int64_t pair = 0; pair < product->Pairs(); ++pair, codes += 2 * kGroup) {
    const size_t panel = product->IndexPosition(row / kPanelWidth, pair / of_block * of_block);
    product->indices[panel + static_cast<size_t>(pair % of_block * kPanelWidth + lane)] =
        static_cast<uint16_t>(IndexOf(codes) | IndexOf(codes + kGroup) << 8);
  }
}

}  // namespace

BinaryProduct::BinaryProduct(const ConvShape& shape, const WeightSource& source, int32_t offset)
    : inputs(shape.in_channels), outputs(shape.out_channels), input_offset(offset) {
  const auto& tensor = std::get<QTensor>(source.parameter->value);
  const std::vector<int32_t> integers = IntegersOf(source)->integers;
  slope = integers[1] - integers[0];
  base = integers[0];
  values = tensor.values.Name();
  const auto total = static_cast<size_t>(Panels() * Pairs() * kPanelWidth);
  indices = AllocateWeights<uint16_t>(total);
  std::memset(indices.get(), 0, 2 * total);
  starts.assign(static_cast<size_t>(Panels() * kPanelWidth), 0);
  std::vector<uint8_t> codes(static_cast<size_t>(Pairs() * 2 * kGroup), 0);
  for (int64_t row = 0; row < outputs; ++row) {
    ReadRow(source, tensor.shape, tensor.codes.data(), row, inputs, codes.data());
    const auto ones = static_cast<int32_t>(std::count(codes.begin(), codes.end(), uint8_t{1}));
    starts[static_cast<size_t>(row)] = -offset * (slope * ones + base * static_cast<int32_t>(inputs));
    StoreIndices(codes.data(), row, this);
  }
}

int64_t BinaryProduct::ScratchFloats() const {
  return kFinishFloats + kTableFloats + kMostRows * std::min<int64_t>(kMostPanels, Panels()) * kPanelWidth;
}

}  // namespace lowbit::runtime
