#include "lowbit/format/onnx/quantization.h"

#include <cmath>
#include <utility>

#include "lowbit/core/ops_common/axis.h"
#include "lowbit/core/uniform_grid.h"
#include "lowbit/format/onnx/low_bit.h"
#include "lowbit/format/onnx/rules.h"

namespace lowbit::onnx {
namespace {

// The grid of a scale and zero point that are one known number each; an absent zero point is 0.
std::optional<ValueGrid> KnownGrid(const Value& scale, const Value& zero_point) {
  const std::optional<double> step = KnownScalar(scale);
  const std::optional<double> zero = zero_point.present ? KnownScalar(zero_point) : 0;
  if (!step.has_value() || !zero.has_value() || !(*step > 0) || !std::isfinite(*step)) return std::nullopt;
  return ValueGrid{*step, *zero};
}

// QuantizeLinear with one scale for what the network computes: a Quant, on whose grid the value then is. No value where
// Quant has no such grid.
Result<Value> QuantizeToGrid(const Value& x, const Value& scale, const Value& zero_point, ElementType type,
                             Builder* builder) {
  const std::optional<ValueGrid> grid = KnownGrid(scale, zero_point);
  const double bits = 8 * static_cast<double>(BytesOf(type));
  if (x.known() || !grid.has_value() || bits > kMaxGridBits || type == ElementType::kBool) return Value();
  LOWBIT_TRY(const Value real, AsFloat(x, builder));
  LOWBIT_TRY(Value y, builder->Apply1("Quant", {real, Number(grid->scale), Number(grid->zero_point), Number(bits)},
                                      {{"signed", int64_t{RangeOf(type).low < 0}}, {"narrow", int64_t{0}}}));
  y.type = type;
  y.grid = grid;
  return y;
}

}  // namespace

std::optional<double> KnownScalar(const Value& value) {
  if (!value.known() || value.depends_on_batch() || Elements(value.shape()) != 1) return std::nullopt;
  return Widen(*value.constants[0]).data[0];
}

Result<Value> AlongAxis(const Value& x, const Value& parameter, int64_t axis, Builder* builder) {
  if (parameter.rank() != 1 || Elements(parameter.shape()) == 1) return parameter;
  LOWBIT_TRY(const size_t place, ops::ResolveAxis(axis, x.rank()));
  std::vector<int64_t> axes;
  for (size_t i = place + 1; i < x.rank(); ++i) axes.push_back(static_cast<int64_t>(i - place));
  return builder->Apply1("Unsqueeze", {parameter, Builder::Known(MakeIntegers(axes))});
}

Result<Value> AsFloat(const Value& value, Builder* builder) {
  LOWBIT_TRY(Value plain, builder->Plain(value));
  plain.type = ElementType::kFloat32;
  return plain;
}

Result<ConstantPtr> AsWeights(const Value& shifted, const Value& factor) {
  const bool known = shifted.known() && factor.known() && !shifted.depends_on_batch() && !factor.depends_on_batch();
  if (!known || shifted.rank() < 2) return ConstantPtr();
  return MakeLowBit(Widen(*shifted.constants[0]), Widen(*factor.constants[0]));
}

Result<Value> Dequantize(const Value& x, const Value& scale, const Value& zero_point, int64_t axis, Builder* builder) {
  if (!x.present || !scale.present) return Invalid("an input is left out");
  if (x.grid.has_value() && x.grid == KnownGrid(scale, zero_point)) {
    Value real = x;
    real.grid.reset();
    real.type = ElementType::kFloat32;
    return real;
  }
  LOWBIT_TRY(Value shifted, AsFloat(x, builder));
  if (zero_point.present) {
    LOWBIT_TRY(const Value zero_as_float, AsFloat(zero_point, builder));
    LOWBIT_TRY(const Value zero, AlongAxis(x, zero_as_float, axis, builder));
    LOWBIT_TRY(shifted, builder->Apply1("Sub", {shifted, zero}));
  }
  LOWBIT_TRY(const Value factor, AlongAxis(x, scale, axis, builder));
  if (IsInteger(x.type)) {
    LOWBIT_TRY(ConstantPtr weights, AsWeights(shifted, factor));
    if (weights != nullptr) return Builder::Known(std::move(weights));
  }
  return builder->Apply1("Mul", {shifted, factor});
}

Result<Value> Quantize(const Value& x, const Value& scale, const Value& zero_point, int64_t axis, Builder* builder) {
  if (!x.present || !scale.present) return Invalid("an input is left out");
  const ElementType type = zero_point.present ? zero_point.type : ElementType::kUint8;
  if (!IsInteger(type)) return Invalid("its zero point must be of an integer type");
  LOWBIT_TRY(Value on_grid, QuantizeToGrid(x, scale, zero_point, type, builder));
  if (on_grid.present) return on_grid;
  LOWBIT_TRY(const Value factor, AlongAxis(x, scale, axis, builder));
  LOWBIT_TRY(const Value real, AsFloat(x, builder));
  LOWBIT_TRY(const Value quotient, builder->Apply1("Div", {real, factor}));
  LOWBIT_TRY(Value rounded, builder->Apply1("Round", {quotient}));
  if (zero_point.present) {
    LOWBIT_TRY(const Value zero_as_float, AsFloat(zero_point, builder));
    LOWBIT_TRY(const Value zero, AlongAxis(x, zero_as_float, axis, builder));
    LOWBIT_TRY(rounded, builder->Apply1("Add", {rounded, zero}));
  }
  const IntegerRange range = RangeOf(type);
  LOWBIT_TRY(Value clipped, builder->Apply1("Clip", {rounded, Number(range.low), Number(range.high)}));
  clipped.type = type;
  return clipped;
}

}  // namespace lowbit::onnx
