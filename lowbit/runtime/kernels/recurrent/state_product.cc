#include "lowbit/runtime/kernels/recurrent/state_product.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "lowbit/runtime/kernels/conv/kernel.h"
#include "lowbit/runtime/kernels/conv_u8/kernel.h"

namespace lowbit::runtime {
namespace {

// Calls take(row of R, or -1 for one that fills up) for each row of the sums, in order.
template <typename Function>
void ForEachRow(const StateWeights& weights, const UnitBlocks& blocks, const Function& take) {
  for (int64_t b = 0; b < blocks.Count(); ++b) {
    for (int64_t g = 0; g < weights.gates; ++g) {
      for (int64_t unit = b * blocks.block; unit < (b + 1) * blocks.block; ++unit) {
        take(unit < blocks.units ? g * blocks.units + unit : -1);
      }
    }
  }
}

// The values of R's numbers that products read: of a low-bit tensor without the scales.
FloatTensor Unscaled(QTensor tensor) {
  tensor.scales = {1};
  return Dequantize(tensor);
}

Parameter FloatMatrix(const FloatTensor& r, const StateWeights& weights, const UnitBlocks& blocks) {
  FloatTensor matrix({weights.gates * blocks.PaddedUnits(), blocks.units}, {});
  ForEachRow(weights, blocks, [&](int64_t row) {
    if (row < 0) return matrix.data.resize(matrix.data.size() + static_cast<size_t>(blocks.units), 0.0f);
    const float* from = r.data.data() + (weights.first_row + row) * blocks.units;
    matrix.data.insert(matrix.data.end(), from, from + blocks.units);
  });
  Parameter parameter;
  parameter.value = std::move(matrix);
  return parameter;
}

// Rows of at least `columns` weights, a multiple of the codebook's block; what is added has code 0.
Parameter CodeMatrix(const QTensor& r, const StateWeights& weights, const UnitBlocks& blocks, int64_t columns) {
  QTensor matrix;
  matrix.values = r.values;
  matrix.scales = {1};
  const int64_t block = r.values.block, codes = blocks.units / block, padded = columns / block;
  matrix.shape = {weights.gates * blocks.PaddedUnits(), columns};
  ForEachRow(weights, blocks, [&](int64_t row) {
    for (int64_t i = 0; i < padded; ++i) {
      const bool there = row >= 0 && i < codes;
      matrix.AddCode(there ? r.Code(static_cast<size_t>((weights.first_row + row) * codes + i)) : 0);
    }
  });
  Parameter parameter;
  parameter.value = std::move(matrix);
  return parameter;
}

bool RunsAcrossRows(const QTensor& tensor, const UnitBlocks& blocks) { return blocks.units % tensor.values.block != 0; }

Epilogue EpilogueOf(const StateWeights& weights, const UnitBlocks& blocks) {
  Epilogue epilogue;
  ForEachRow(weights, blocks, [&](int64_t row) {
    epilogue.scale.push_back(row < 0 ? 0 : weights.scale[static_cast<size_t>(row)]);
    epilogue.shift.push_back(row < 0 ? 0 : weights.bias[static_cast<size_t>(row)]);
  });
  return epilogue;
}

ConvShape ShapeOf(const StateWeights& weights, const UnitBlocks& blocks, int64_t pitch) {
  ConvShape shape;
  shape.in_channels = pitch;
  shape.out_channels = weights.gates * blocks.PaddedUnits();
  return shape;
}

class FloatProduct : public StateProduct {
 public:
  FloatProduct(const StateWeights& weights, const UnitBlocks& blocks, const Parameter& matrix)
      : kernel_(ChooseConvKernel()),
        shape_(ShapeOf(weights, blocks, blocks.PaddedUnits())),
        epilogue_(EpilogueOf(weights, blocks)),
        weights_(Pack({&matrix, false, 0, shape_.out_channels, blocks.units, 1}, kernel_.lanes)),
        panels_(weights.gates * blocks.block / weights_.PanelWidth()) {
    values_ = weights_.values;
    target_ = kernel_.target;
  }

  int64_t ScratchFloats() const override { return kConvScratchFloats; }

  void Run(const StateTask& state) const override {
    ConvTask task;
    task.shape = &shape_;
    task.weights = &weights_;
    task.epilogue = &epilogue_;
    task.input = state.floats;
    task.output = state.sums;
    task.first_pixel = state.first_state;
    task.pixels = state.states;
    task.scratch = state.scratch;
    const int64_t end = (state.first_block + state.blocks) * panels_;
    for (task.first_panel = state.first_block * panels_; task.first_panel < end; task.first_panel += task.panels) {
      task.panels = std::min(kConvPanelBlock, end - task.first_panel);
      kernel_.run(task);
    }
  }

 private:
  const ConvKernel& kernel_;
  ConvShape shape_;
  Epilogue epilogue_;
  PackedWeights weights_;
  int64_t panels_;  // Of a block.
};

class ByteProduct : public StateProduct {
 public:
  ByteProduct(const StateWeights& weights, const UnitBlocks& blocks, const Parameter& matrix, int32_t offset)
      : kernel_(ChooseByteConvKernel()),
        conv_(ShapeOf(weights, blocks, matrix.shape()[1]),
              {{&matrix, false, 0, matrix.shape()[0], matrix.shape()[1], 1}}, offset, kernel_),
        panels_(weights.gates * blocks.block / conv_.weights[0].PanelWidth()) {
    conv_.finish.epilogue = EpilogueOf(weights, blocks);
    values_ = conv_.weights[0].values + (conv_.weights[0].split ? "_i16" : "");
    target_ = kernel_.target;
  }

  int64_t ScratchFloats() const override { return conv_.ScratchFloats(1); }
  int64_t BytePitch() const override { return conv_.shape.in_channels; }

  void Run(const StateTask& state) const override {
    ByteTask task;
    task.input = state.bytes;
    task.output.floats = state.sums;
    task.first = state.first_state;
    task.count = state.states;
    task.first_panel = state.first_block * panels_;
    task.panels = state.blocks * panels_;
    task.scratch = state.scratch;
    kernel_.run(conv_, task);
  }

 private:
  const ByteConvKernel& kernel_;
  ByteConv conv_;
  int64_t panels_;  // Of a block.
};

}  // namespace

// A multiple of a panel, of the gates' vectors and of the four bytes of a dot product.
int64_t ChooseBlock(int lanes) {
  int64_t block = kPanelVectors * std::max(ChooseConvKernel().lanes, ChooseByteConvKernel().lanes);
  while (block % lanes != 0 || block % 4 != 0) block *= 2;
  return block;
}

bool CanMakeByteProduct(const Parameter& r, int64_t magnitude) {
  const std::optional<IntegerValues> integers = IntegersOf({&r, false, 0, 1, 1, 1});
  if (!integers.has_value()) return false;
  const auto& tensor = std::get<QTensor>(r.value);
  return tensor.shape[2] % tensor.values.block == 0 && StateSumsFit(tensor, *integers, magnitude);
}

std::unique_ptr<StateProduct> MakeFloatProduct(const StateWeights& weights, const UnitBlocks& blocks) {
  if (const auto* floats = std::get_if<FloatTensor>(&weights.r->value)) {
    return std::make_unique<FloatProduct>(weights, blocks, FloatMatrix(*floats, weights, blocks));
  }
  const QTensor& tensor = std::get<QTensor>(weights.r->value);
  const Parameter matrix = RunsAcrossRows(tensor, blocks) ? FloatMatrix(Unscaled(tensor), weights, blocks)
                                                          : CodeMatrix(tensor, weights, blocks, blocks.units);
  return std::make_unique<FloatProduct>(weights, blocks, matrix);
}

std::unique_ptr<StateProduct> MakeByteProduct(const StateWeights& weights, const UnitBlocks& blocks, int32_t offset) {
  const auto& tensor = std::get<QTensor>(weights.r->value);
  const int64_t unit = std::lcm<int64_t>(4, tensor.values.block);
  const int64_t columns = (blocks.units + unit - 1) / unit * unit;
  return std::make_unique<ByteProduct>(weights, blocks, CodeMatrix(tensor, weights, blocks, columns), offset);
}

}  // namespace lowbit::runtime
