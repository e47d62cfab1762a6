// Operators of quantized networks, spelled out: what they compute in integers is the same in exact arithmetic.

#include <utility>

#include "lowbit/core/ops_common/axis.h"
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

Value AsFloat(Value value) {
  value.type = ElementType::kFloat32;
  return value;
}

Value Number(double value) { return Builder::Known(MakeScalar(value)); }

// scale * (x - zero_point)
Result<Value> Dequantize(const Value& x, const Value& scale, const Value& zero_point, int64_t axis, Builder* builder) {
  if (!x.present || !scale.present) return Invalid("an input is left out");
  Value shifted = AsFloat(x);
  if (zero_point.present) {
    LOWBIT_TRY(const Value zero, AlongAxis(x, AsFloat(zero_point), axis, builder));
    LOWBIT_TRY(shifted, builder->Apply1("Sub", {shifted, zero}));
  }
  LOWBIT_TRY(const Value factor, AlongAxis(x, scale, axis, builder));
  return builder->Apply1("Mul", {shifted, factor});
}

// round(x / scale) + zero_point, halves to even, cut to the range of the zero point's type.
Result<Value> Quantize(const Value& x, const Value& scale, const Value& zero_point, int64_t axis, Builder* builder) {
  if (!x.present || !scale.present) return Invalid("an input is left out");
  const ElementType type = zero_point.present ? zero_point.type : ElementType::kUint8;
  if (!IsInteger(type)) return Invalid("its zero point must be of an integer type");
  LOWBIT_TRY(const Value factor, AlongAxis(x, scale, axis, builder));
  LOWBIT_TRY(const Value quotient, builder->Apply1("Div", {AsFloat(x), factor}));
  LOWBIT_TRY(Value rounded, builder->Apply1("Round", {quotient}));
  if (zero_point.present) {
    LOWBIT_TRY(const Value zero, AlongAxis(x, AsFloat(zero_point), axis, builder));
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

Outputs QuantizeLinear(Call call, Builder* builder) {
  return One(Quantize(call.Input(0), call.Input(1), call.Input(2), call.Int("axis", 1), builder));
}

Outputs DequantizeLinear(Call call, Builder* builder) {
  return One(Dequantize(call.Input(0), call.Input(1), call.Input(2), call.Int("axis", 1), builder));
}

// The grid of uint8 that just holds the values and 0.
Outputs DynamicQuantizeLinear(Call call, Builder* builder) {
  const Value x = call.Input(0), all = Builder::Known(MakeIntegers({}));
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
  if (!call.Input(zero_point).present) return AsFloat(call.Input(i));
  LOWBIT_TRY(const Value zero, AlongAxis(call.Input(i), AsFloat(call.Input(zero_point)), axis, builder));
  return builder->Apply1("Sub", {AsFloat(call.Input(i)), zero});
}

// MatMulInteger, ConvInteger: the product of the operands less their zero points.
Outputs IntegerProduct(Call call, Builder* builder) {
  const bool conv = call.op == "ConvInteger";
  LOWBIT_TRY(const Value a, Shifted(call, 0, 2, conv ? 1 : -2, builder));
  LOWBIT_TRY(const Value b, Shifted(call, 1, 3, conv ? 0 : -1, builder));
  LOWBIT_TRY(Value y, builder->Apply1(conv ? "Conv" : "MatMul", {a, b}, call.attributes));
  y.type = ElementType::kInt32;
  return std::vector<Value>{std::move(y)};
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
    LOWBIT_TRY(const Value bias, builder->Apply1("Mul", {AsFloat(call.Input(8)), unit}));
    operands.push_back(bias);
  }
  LOWBIT_TRY(const Value y, builder->Apply1(conv ? "Conv" : "MatMul", operands, call.attributes));
  return One(Quantize(y, call.Input(6), call.Input(7), 1, builder));
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
