#include <cstring>

#include "lowbit/runtime/kernels/conv_u2/kernel.h"
#include "lowbit/runtime/weight_memory.h"

namespace lowbit::runtime {
namespace {

const QTensor& Codes(const WeightSource& source) { return std::get<QTensor>(source.parameter->value); }

hwy::AlignedFreeUniquePtr<uint8_t[]> PackIndices(const CodeConv& conv, const WeightSource& source) {
  const QTensor& tensor = Codes(source);
  const size_t panel = static_cast<size_t>(conv.LookUps() * conv.lanes),
               total = panel * static_cast<size_t>(conv.Panels());
  auto indices = AllocateWeights<uint8_t>(total);
  std::memset(indices.get(), 0, total);
  const int64_t half = conv.lanes / 2, of_pixel = conv.tables.GroupsOfPixel(), group = conv.tables.channels();
  std::vector<uint8_t> codes(static_cast<size_t>(source.taps * of_pixel * group), 0);
  for (int64_t row = 0; row < source.rows; ++row) {
    const int64_t in_panel = row % conv.lanes;
    const int64_t lane = conv.lanes == 1 ? 0 : in_panel % half * 2 + in_panel / half;
    uint8_t* out = indices.get() + static_cast<size_t>(row / conv.lanes) * panel + lane;
    ReadRow(source, tensor.shape, tensor.codes.data(), row, of_pixel * group, codes.data());
    const uint8_t* next = codes.data();
    for (int64_t tap = 0; tap < source.taps; ++tap) {
      for (int64_t g = 0; g < of_pixel; ++g) {
        int index = 0;
        for (int c = 0; c < group; ++c) index |= *next++ << (c * conv.tables.weight_bits());
        const int64_t position = tap / conv.shared * of_pixel + g;
        out[(position * conv.shared + tap % conv.shared) * conv.lanes] = static_cast<uint8_t>(index);
      }
    }
  }
  return indices;
}

// What is left of `units` positions for each tap when of each `shared` taps the first one is kept.
std::vector<int32_t> FirstColumns(const std::vector<int32_t>& positions, int64_t units, int64_t shared) {
  std::vector<int32_t> kept;
  for (size_t i = 0; i < positions.size(); ++i) {
    if (static_cast<int64_t>(i) / units % shared == 0) kept.push_back(positions[i]);
  }
  return kept;
}

}  // namespace

CodeConv::CodeConv(const ConvShape& conv_shape, const std::vector<WeightSource>& groups, const ByteFormat& input,
                   const CodeConvKernel& kernel)
    : shape(conv_shape),
      input_step(input.step),
      pixels(conv_shape.IsPointwise()),
      lanes(kernel.lanes),
      tables(input, Codes(groups[0]).values, kernel.index_bits, conv_shape.GroupInputs()),
      values(Codes(groups[0]).values.Name()) {
  staged_width = shape.StagedWidth();
  if (shape.kernel_width == 3 && shape.stride_width == 1 && shape.dilation_width == 1) shared = 3;
  positions = FirstColumns(WindowPositions(shape, tables.GroupsOfPixel(), 1), tables.GroupsOfPixel(), shared);
  for (size_t i = 0; i < positions.size(); ++i) {
    const bool last = (static_cast<int64_t>(i) + 1) % tables.GroupsOfPixel() == 0;
    offsets.push_back(last ? tables.last_offset() : 0);
  }
  for (const WeightSource& group : groups) indices.push_back(PackIndices(*this, group));
}

// The largest tile, and a pixel of residuals.
int64_t CodeConv::SumFloats() const {
  constexpr int64_t kMostPixels = 9;
  return kMostPixels * lanes;
}

int64_t CodeConv::ScratchFloats(int64_t units) const {
  constexpr int64_t kBeyond = 64;  // Codes are stored in whole vectors.
  const int64_t staged_pixels = pixels ? units : shape.StagedRows(units) * staged_width;
  return SumFloats() + (staged_pixels * tables.GroupsOfPixel() + kBeyond) / 2 + 1;
}

}  // namespace lowbit::runtime
