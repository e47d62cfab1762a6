#ifndef LOWBIT_RUNTIME_TESTING_RANDOM_BYTE_OPERANDS_H_
#define LOWBIT_RUNTIME_TESTING_RANDOM_BYTE_OPERANDS_H_

// For tests: random operands of convolutions of bytes.

#include <utility>
#include <vector>

#include "lowbit/core/integer_weights.h"
#include "lowbit/runtime/kernels/conv_u8/reference.h"
#include "lowbit/runtime/testing/random_layers.h"

namespace lowbit::runtime::testing {

// Every storage, with the largest integers that each holds.
inline std::vector<ValueSet> IntegerSets() {
  return {ValueSet::Binary(),
          ValueSet::Ternary(),
          ValueSet::Table({-64, 1, 64, 3}),
          ValueSet::Affine(3, 4),
          ValueSet::Affine(4, 8),
          ValueSet::Table({-64, -32, -16, -8, -4, -2, -1, 0, 1, 2, 4, 8, 16, 32, 64}),
          ValueSet::Table({-127, 127, 0}),
          ValueSet::Affine(6, 32),
          ValueSet::Affine(8, 128),
          ValueSet::Table({-128, -64, -32, -16, -8, -4, -2, -1, 0, 1, 2, 4, 8, 16, 32, 64, 128}),
          ValueSet::Table({-kMaxIntegerWeight, kMaxIntegerWeight}),
          ValueSet::Table({-32512, -256, -129, -128, 127, 128, 255, 256, 384, 32639})};
}

inline std::vector<uint8_t> RandomBytes(int64_t count, RandomSource* random) {
  std::vector<uint8_t> bytes(static_cast<size_t>(count));
  // Often the extremes, where sums are largest.
  for (uint8_t& byte : bytes) {
    const int64_t any = random->Int(0, 255);
    byte = static_cast<uint8_t>(random->Coin() ? any : random->Int(0, 1) * 255);
  }
  return bytes;
}

inline void SetRandomLevels(RandomSource* random, ByteQuantizer* quantizer) {
  const auto count = static_cast<int>(random->Int(2, ByteLevels::kMost));
  ByteLevels& table = quantizer->table;
  table.count = count;
  for (int k = 0; k < count; ++k) table.levels[k] = quantizer->low + static_cast<float>(k);
  float threshold = random->Float(-20, 0);
  for (int k = 0; k + 1 < count; ++k) table.thresholds[k] = threshold += random->Float(.1, 4);
}

inline ByteQuantizer RandomQuantizer(RandomSource* random) {
  ByteQuantizer quantizer;
  quantizer.bipolar = random->Int(0, 4) == 0;
  quantizer.scale = random->Float(-40, 40);
  quantizer.low = static_cast<float>(random->Int(-128, 0));
  quantizer.high = quantizer.low + static_cast<float>(random->Int(1, 255));
  quantizer.shift = static_cast<int32_t>(-quantizer.low);
  if (random->Int(0, 3) == 0) SetRandomLevels(random, &quantizer);
  return quantizer;
}

inline ByteConvOperands RandomByteOperands(const ConvShape& shape, const ValueSet& values, RandomSource* random,
                                           Parameter* weight) {
  QTensor tensor = RandomCodes(ConvWeightShape(shape), values, false, random);
  tensor.scales = {1};
  weight->value = std::move(tensor);
  ByteConvOperands operands;
  operands.shape = shape;
  operands.images = random->Int(1, 2);
  operands.weight = weight;
  operands.input = RandomBytes(operands.images * shape.in_height * shape.in_width * shape.in_channels, random);
  operands.input_offset = static_cast<int32_t>(random->Coin() ? random->Int(0, 255) : 0);
  operands.epilogue = RandomEpilogue(shape.out_channels, random);
  for (float& scale : operands.epilogue.scale) scale *= 0.001f;
  if (random->Coin()) operands.quantizer = RandomQuantizer(random);
  const int64_t outputs = operands.images * shape.out_height * shape.out_width * shape.out_channels;
  const int64_t residual = random->Int(0, 2);
  if (residual == 1) operands.residual_floats = random->Floats(outputs, -1, 1);
  if (residual == 2) {
    operands.residual_bytes = RandomBytes(outputs, random);
    operands.residual_offset = 7;
    operands.residual_unit = 0.37f;
  }
  return operands;
}

// Where a kernel finds the residual of these operands.
inline ByteResidual ResidualOf(const ByteConvOperands& o) {
  return {o.residual_floats.empty() ? nullptr : o.residual_floats.data(),
          o.residual_bytes.empty() ? nullptr : o.residual_bytes.data(), o.residual_offset, o.residual_unit};
}

// Results to be overwritten.
inline ByteConvExpectation BlankResults(const ByteConvOperands& o) {
  const ConvShape& s = o.shape;
  const auto outputs = static_cast<size_t>(o.images * s.out_height * s.out_width * s.out_channels);
  ByteConvExpectation results;
  o.quantizer.has_value() ? results.bytes.resize(outputs, 99) : results.floats.resize(outputs, -12345.0f);
  return results;
}

}  // namespace lowbit::runtime::testing

#endif  // LOWBIT_RUNTIME_TESTING_RANDOM_BYTE_OPERANDS_H_
