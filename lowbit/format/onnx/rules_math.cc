// Arithmetic and types.

#include <algorithm>
#include <utility>

#include "lowbit/core/ops_common/axis.h"
#include "lowbit/format/onnx/rules.h"

namespace lowbit::onnx {
namespace {

// Before opset 7 broadcasting was asked for, and a shape could be laid along any axis.
Outputs Broadcasting(Call call, Builder* builder) {
  if (call.opset >= 7) return ApplyAsIs(call, builder);
  const auto axis = call.attributes.find("axis");
  if (axis != call.attributes.end() && call.inputs.size() == 2) {
    const size_t rank = call.inputs[0].rank();
    LOWBIT_TRY(const size_t first, ops::ResolveAxis(call.Int("axis", 0), rank));
    const int64_t behind = static_cast<int64_t>(rank - first) - static_cast<int64_t>(call.inputs[1].rank());
    if (behind < 0) return Invalid("attribute 'axis' does not fit its inputs");
    std::vector<int64_t> axes;
    for (int64_t i = 0; i < behind; ++i) axes.push_back(-1 - i);
    LOWBIT_TRY(call.inputs[1], builder->Apply1("Unsqueeze", {call.inputs[1], Integers(axes)}));
  }
  call.attributes.erase("axis");
  call.attributes.erase("broadcast");
  return ApplyAsIs(call, builder);
}

Outputs Clip(Call call, Builder* builder) {
  call.MoveToInput("min", 1);
  call.MoveToInput("max", 2);
  return ApplyAsIs(call, builder);
}

// Before opset 13: over everything behind the axis, as if it were one dimension.
Outputs Softmax(Call call, Builder* builder) {
  if (call.opset >= 13) return ApplyAsIs(call, builder);
  const Value& x = call.Input(0);
  const int64_t rank = static_cast<int64_t>(x.rank()), axis = call.Int("axis", 1);
  if (axis == rank - 1 || axis == -1 || rank == 0) {
    call.attributes["axis"] = int64_t{-1};
    return ApplyAsIs(call, builder);
  }
  LOWBIT_TRY(const Value matrix, builder->Apply1("Flatten", {x}, {{"axis", axis}}));
  LOWBIT_TRY(const Value result, builder->Apply1(call.op, {matrix}, {{"axis", int64_t{-1}}}));
  std::array<ConstantPtr, kSizes> shapes = {MakeIntegers(x.shapes[0]), MakeIntegers(x.shapes[1])};
  if (x.shapes[0] == x.shapes[1]) shapes[1] = shapes[0];
  return builder->Apply("Reshape", {result, Builder::KnownForEach(shapes)});
}

// float64 keeps everything: that is no node. Neither is a type that the value has already, and it stays on its grid
// (PyTorch writes one behind each QuantizeLinear).
Outputs CastTo(const Value& given, ElementType type, Builder* builder) {
  if (given.type == type) return std::vector<Value>{given};
  LOWBIT_TRY(const Value x, builder->Plain(given));
  const bool narrows = x.type != type && type != ElementType::kFloat64;
  const bool widens = IsInteger(x.type) && (type == ElementType::kFloat32 || type == ElementType::kInt64);
  if (x.known() || (narrows && !widens)) return builder->Apply("Cast", {x}, {{"to", static_cast<int64_t>(type)}});
  Value same = x;
  same.type = type;
  return std::vector<Value>{std::move(same)};
}

Outputs Cast(Call call, Builder* builder) {
  const std::optional<ElementType> type = ElementTypeOf(call.Int("to", 0));
  if (!type.has_value() || !call.Input(0).present) {
    return Invalid("attribute 'to' is " + std::to_string(call.Int("to", 0)) + ", which is no element type of numbers");
  }
  return CastTo(call.Input(0), *type, builder);
}

Outputs CastLike(Call call, Builder* builder) {
  if (!call.Input(0).present || !call.Input(1).present) return Invalid("needs two inputs");
  return CastTo(call.Input(0), call.Input(1).type, builder);
}

// A product with, or a quotient by, a power of two.
Outputs BitShift(Call call, Builder* builder) {
  const std::string direction = call.Text("direction", "");
  if (direction != "LEFT" && direction != "RIGHT") return Invalid("attribute 'direction' must be LEFT or RIGHT");
  if (!call.Input(0).present || !call.Input(1).present) return Invalid("needs two inputs");
  const Value two = Builder::Known(Narrow(ElementType::kFloat32, DoubleTensor({}, {2})));
  LOWBIT_TRY(const Value power, builder->Apply1("Pow", {two, call.Input(1)}));
  return builder->Apply(direction == "LEFT" ? "Mul" : "Div", {call.Input(0), power});
}

// (x - mean) / deviation over the axes, with 10^-9 against division by 0.
Outputs MeanVarianceNormalization(Call call, Builder* builder) {
  Value axes = Integers({0, 2, 3});
  if (const auto given = call.attributes.find("axes"); given != call.attributes.end()) {
    if (const auto* list = std::get_if<std::vector<int64_t>>(&given->second)) axes = Integers(*list);
  }
  LOWBIT_TRY(const Value mean, builder->Apply1("ReduceMean", {call.Input(0), axes}));
  LOWBIT_TRY(const Value centred, builder->Apply1("Sub", {call.Input(0), mean}));
  LOWBIT_TRY(const Value squares, builder->Apply1("Mul", {centred, centred}));
  LOWBIT_TRY(const Value variance, builder->Apply1("ReduceMean", {squares, axes}));
  LOWBIT_TRY(const Value deviation, builder->Apply1("Sqrt", {variance}));
  LOWBIT_TRY(const Value bounded, builder->Apply1("Add", {deviation, Builder::Known(MakeScalar(1e-9))}));
  return builder->Apply("Div", {centred, bounded});
}

// Before opset 9 slopes were one for each channel, without the dimensions behind.
Outputs PRelu(Call call, Builder* builder) {
  const Value &x = call.Input(0), &slope = call.Input(1);
  if (call.opset < 9 && slope.rank() == 1 && x.rank() > 2 && slope.shape()[0] == x.shape()[1]) {
    std::vector<int64_t> axes;
    for (int64_t i = 2; i < static_cast<int64_t>(x.rank()); ++i) axes.push_back(1 - i);
    LOWBIT_TRY(call.inputs[1], builder->Apply1("Unsqueeze", {slope, Integers(axes)}));
  }
  return ApplyAsIs(call, builder);
}

}  // namespace

void AddMathRules(RuleTable* table) {
  for (const char* op : {"Add", "And", "Div", "Equal", "Greater", "Less", "Mul", "Or", "Pow", "Sub", "Xor"}) {
    (*table)[op] = Broadcasting;
  }
  for (const char* op : {"Hardmax", "LogSoftmax", "Softmax"}) (*table)[op] = Softmax;
  (*table)["BitShift"] = BitShift;
  (*table)["Cast"] = Cast;
  (*table)["CastLike"] = CastLike;
  (*table)["Clip"] = Clip;
  (*table)["MeanVarianceNormalization"] = MeanVarianceNormalization;
  (*table)["PRelu"] = PRelu;
}

}  // namespace lowbit::onnx
