// ONNX's operators of quantized networks. Where the Graph has a form for their integers, that is taken: Quant for
// QuantizeLinear with one scale, low-bit weights for constants. Elsewhere they are spelled out in arithmetic, which is the
// same in exact numbers.

#include <cmath>
#include <utility>

#include "lowbit/core/ops_common/axis.h"
#include "lowbit/core/uniform_grid.h"
#include "lowbit/format/onnx/low_bit.h"
#include "lowbit/format/onnx/rules.h"

namespace lowbit::onnx {
namespace {

// Scales and zero points of one value for each entry along an axis get the dimensions behind it.
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

Value Number(double value) { return Builder::Known(MakeScalar(value)); }

// The one number of a value that is known.
std::optional<double> KnownScalar(const Value& value) {
  if (!value.known() || value.depends_on_batch() || Elements(value.shape()) != 1) return std::nullopt;
  return Widen(*value.constants[0]).data[0];
}

// The grid of a scale and zero point that are one known number each; an absent zero point is 0.
std::optional<ValueGrid> KnownGrid(const Value& scale, const Value& zero_point) {
  const std::optional<double> step = KnownScalar(scale);
  const std::optional<double> zero = zero_point.present ? KnownScalar(zero_point) : 0;
  if (!step.has_value() || !zero.has_value() || !(*step > 0) || !std::isfinite(*step)) return std::nullopt;
  return ValueGrid{*step, *zero};
}

// x - zero_point, whose values are known, times a scale, as low-bit weights; null where they are none.
Result<ConstantPtr> AsWeights(const Value& shifted, const Value& factor) {
  const bool known = shifted.known() && factor.known() && !shifted.depends_on_batch() && !factor.depends_on_batch();
  if (!known || shifted.rank() < 2) return ConstantPtr();
  return MakeLowBit(Widen(*shifted.constants[0]), Widen(*factor.constants[0]));
}

// scale * (x - zero_point)
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

// round(x / scale) + zero_point, halves to even, cut to the range of the zero point's type.
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

Outputs One(Result<Value> value) {
  if (!value.ok()) return value.error();
  return std::vector<Value>{std::move(value).value()};
}

// One value for each of x: those of scales or zero points for blocks of `size` neighbours along an axis.
Result<Value> OfBlocks(const Value& x, const Value& parameter, int64_t along, int64_t size, Builder* builder) {
  LOWBIT_TRY(const size_t axis, ops::ResolveAxis(along, x.rank()));
  Shape expected = x.shape();
  if (size < 1) return Invalid("attribute 'block_size' must not be negative");
  expected[axis] = (expected[axis] - 1) / size + 1;
  if (parameter.shape() != expected) {
    return Invalid("blocks of " + std::to_string(size) + " need scales and zero points of shape " + ToString(expected) +
                   "; one has " + ToString(parameter.shape()));
  }
  std::vector<int64_t> blocks;
  for (int64_t i = 0; i < x.shape()[axis]; ++i) blocks.push_back(i / size);
  LOWBIT_TRY(const Value real, AsFloat(parameter, builder));
  return builder->Apply1("Gather", {real, Builder::Known(MakeIntegers(blocks))},
                         {{"axis", static_cast<int64_t>(axis)}});
}

Outputs QuantizeLinear(Call call, Builder* builder) {
  if (call.Int("block_size", 0) != 0) return Invalid("attribute 'block_size' must be 0: only weights may have blocks");
  return One(Quantize(call.Input(0), call.Input(1), call.Input(2), call.Int("axis", 1), builder));
}

Outputs DequantizeLinear(Call call, Builder* builder) {
  const int64_t axis = call.Int("axis", 1), block = call.Int("block_size", 0);
  for (size_t i = 1; i < 3 && block != 0; ++i) {
    if (!call.Input(0).present || !call.Input(i).present) continue;
    LOWBIT_TRY(Value each, OfBlocks(call.Input(0), call.Input(i), axis, block, builder));
    call.SetInput(i, std::move(each));
  }
  return One(Dequantize(call.Input(0), call.Input(1), call.Input(2), axis, builder));
}

// The grid of uint8 that just holds the values and 0.
Outputs DynamicQuantizeLinear(Call call, Builder* builder) {
  const Value& x = call.Input(0);
  const Value all = Builder::Known(MakeIntegers({}));
  const auto extreme = [&](const char* reduce, const char* combine) -> Result<Value> {
    LOWBIT_TRY(const Value value, builder->Apply1(reduce, {x, all}, {{"keepdims", int64_t{0}}}));
    return builder->Apply1(combine, {value, Number(0)});
  };
  LOWBIT_TRY(const Value low, extreme("ReduceMin", "Min"));
  LOWBIT_TRY(const Value high, extreme("ReduceMax", "Max"));
  LOWBIT_TRY(const Value span, builder->Apply1("Sub", {high, low}));
  LOWBIT_TRY(Value scale, builder->Apply1("Div", {span, Number(255)}));
  LOWBIT_TRY(const Value ratio, builder->Apply1("Div", {low, scale}));
  LOWBIT_TRY(const Value negated, builder->Apply1("Neg", {ratio}));
  LOWBIT_TRY(const Value clipped, builder->Apply1("Clip", {negated, Number(0), Number(255)}));
  LOWBIT_TRY(Value zero_point, builder->Apply1("Round", {clipped}));
  zero_point.type = ElementType::kUint8;
  LOWBIT_TRY(Value y, Quantize(x, scale, zero_point, 1, builder));
  return std::vector<Value>{std::move(y), std::move(scale), std::move(zero_point)};
}

Result<Value> Shifted(const Call& call, size_t i, size_t zero_point, int64_t axis, Builder* builder) {
  if (!call.Input(i).present) return Invalid("an input is left out");
  LOWBIT_TRY(const Value x, AsFloat(call.Input(i), builder));
  if (!call.Input(zero_point).present) return x;
  LOWBIT_TRY(const Value zero_as_float, AsFloat(call.Input(zero_point), builder));
  LOWBIT_TRY(const Value zero, AlongAxis(call.Input(i), zero_as_float, axis, builder));
  return builder->Apply1("Sub", {x, zero});
}

Outputs Product(const char* op, std::vector<Value> operands, const Call& call, Builder* builder) {
  Call product = {op, call.opset, std::move(operands), call.attributes, {}, 1};
  return Rules().at(op)(std::move(product), builder);
}

// MatMulInteger, ConvInteger: the product of the operands less their zero points. What lies on a grid is multiplied as it
// is, and the product divided by the step.
Outputs IntegerProduct(Call call, Builder* builder) {
  const bool conv = call.op == "ConvInteger";
  const Value &a = call.Input(0), &zero = call.Input(2);
  const bool on_grid =
      a.grid.has_value() && (zero.present ? KnownScalar(zero) : 0) == std::optional<double>(a.grid->zero_point);
  LOWBIT_TRY(Value left, on_grid ? Dequantize(a, Number(a.grid->scale), Number(a.grid->zero_point), 0, builder)
                                 : Shifted(call, 0, 2, conv ? 1 : -2, builder));
  LOWBIT_TRY(Value right, Shifted(call, 1, 3, conv ? 0 : -1, builder));
  LOWBIT_TRY(ConstantPtr weights, AsWeights(right, Number(1)));
  if (weights != nullptr) right = Builder::Known(std::move(weights));
  LOWBIT_TRY(std::vector<Value> y, Product(conv ? "Conv" : "MatMul", {left, right}, call, builder));
  if (on_grid) {
    LOWBIT_TRY(y[0], builder->Apply1("Div", {y[0], Number(a.grid->scale)}));
  }
  y[0].type = ElementType::kInt32;
  return y;
}

// Inputs: a, its scale and zero point, b, its scale and zero point, the result's scale and zero point, a bias in units
// of both scales.
Outputs QuantizedProduct(Call call, Builder* builder) {
  const bool conv = call.op == "QLinearConv";
  LOWBIT_TRY(const Value a, Dequantize(call.Input(0), call.Input(1), call.Input(2), conv ? 1 : -2, builder));
  LOWBIT_TRY(const Value b, Dequantize(call.Input(3), call.Input(4), call.Input(5), conv ? 0 : -1, builder));
  std::vector<Value> operands = {a, b};
  if (call.Input(8).present) {
    LOWBIT_TRY(const Value unit, builder->Apply1("Mul", {call.Input(1), call.Input(4)}));
    LOWBIT_TRY(const Value integers, AsFloat(call.Input(8), builder));
    LOWBIT_TRY(const Value bias, builder->Apply1("Mul", {integers, unit}));
    operands.push_back(bias);
  }
  LOWBIT_TRY(const std::vector<Value> y, Product(conv ? "Conv" : "MatMul", std::move(operands), call, builder));
  return One(Quantize(y[0], call.Input(6), call.Input(7), 1, builder));
}

}  // namespace

void AddIntegerRules(RuleTable* table) {
  (*table)["ConvInteger"] = IntegerProduct;
  (*table)["DequantizeLinear"] = DequantizeLinear;
  (*table)["DynamicQuantizeLinear"] = DynamicQuantizeLinear;
  (*table)["MatMulInteger"] = IntegerProduct;
  (*table)["QLinearConv"] = QuantizedProduct;
  (*table)["QLinearMatMul"] = QuantizedProduct;
  (*table)["QuantizeLinear"] = QuantizeLinear;
}

}  // namespace lowbit::onnx
