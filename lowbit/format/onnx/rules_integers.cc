// ONNX's operators of quantized networks.

#include <utility>

#include "lowbit/core/ops_common/axis.h"
#include "lowbit/format/onnx/quantization.h"
#include "lowbit/format/onnx/rules.h"

namespace lowbit::onnx {
namespace {

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
