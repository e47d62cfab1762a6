// ONNX Runtime's own operators: those of its quantizer, whose integers become the numbers that they stand for and back, and those
// that its optimizer makes of several.

#include <algorithm>
#include <cmath>
#include <utility>

#include "lowbit/format/onnx/names.h"
#include "lowbit/format/onnx/quantization.h"
#include "lowbit/format/onnx/rules.h"

namespace lowbit::onnx {
namespace {

// The node as ONNX's operator of that name, in the form of an opset.
Outputs As(const std::string& op, std::vector<Value> inputs, Attributes attributes, Builder* builder,
           int64_t opset = 17) {
  const Call call = {op, opset, std::move(inputs), std::move(attributes), {}, 1};
  const auto rule = Rules().find(op);
  return rule == Rules().end() ? ApplyAsIs(call, builder) : rule->second(call, builder);
}

Result<Value> As1(const std::string& op, std::vector<Value> inputs, Attributes attributes, Builder* builder) {
  LOWBIT_TRY(std::vector<Value> outputs, As(op, std::move(inputs), std::move(attributes), builder));
  return std::move(outputs[0]);
}

// Inputs i, i + 1, i + 2: integers, their scale and zero point.
Result<Value> Real(const Call& call, size_t i, Builder* builder, int64_t axis = 1) {
  return Dequantize(call.Input(i), call.Input(i + 1), call.Input(i + 2), axis, builder);
}

// Inputs i, i + 1: scale and zero point of the result.
Outputs OnGrid(const Value& y, const Call& call, size_t i, Builder* builder) {
  LOWBIT_TRY(Value integers, Quantize(y, call.Input(i), call.Input(i + 1), 1, builder));
  return std::vector<Value>{std::move(integers)};
}

double Float(const Call& call, const std::string& name, double otherwise) {
  const auto found = call.attributes.find(name);
  const double* value = found == call.attributes.end() ? nullptr : std::get_if<double>(&found->second);
  return value == nullptr ? otherwise : *value;
}

// "QLinearAdd": Add.
std::string Inner(const Call& call) { return call.op.substr(std::string("QLinear").size()); }

// a, b, result: each with scale and zero point.
Outputs QuantizedBinary(Call call, Builder* builder) {
  LOWBIT_TRY(const Value a, Real(call, 0, builder));
  LOWBIT_TRY(const Value b, Real(call, 3, builder));
  LOWBIT_TRY(const Value y, As1(Inner(call), {a, b}, {}, builder));
  return OnGrid(y, call, 6, builder);
}

// x and result; attributes are those of ONNX's operator.
Outputs QuantizedUnary(Call call, Builder* builder) {
  if (call.Int("channels_last", 0) != 0) return Invalid("attribute 'channels_last' must be 0");
  call.attributes.erase("channels_last");
  // The opset whose Softmax is meant.
  const int64_t opset = call.Int("opset", 13);
  call.attributes.erase("opset");
  LOWBIT_TRY(const Value x, Real(call, 0, builder));
  LOWBIT_TRY(const std::vector<Value> y, As(Inner(call), {x}, call.attributes, builder, opset));
  return OnGrid(y[0], call, 3, builder);
}

Outputs QuantizedConcat(Call call, Builder* builder) {
  if (call.inputs.size() < 5 || call.inputs.size() % 3 != 2) {
    return Invalid("has " + std::to_string(call.inputs.size()) + " inputs; expected 2 and 3 for each value");
  }
  std::vector<Value> values;
  for (size_t i = 2; i < call.inputs.size(); i += 3) {
    LOWBIT_TRY(Value value, Real(call, i, builder));
    values.push_back(std::move(value));
  }
  LOWBIT_TRY(const Value y, As1("Concat", std::move(values), call.attributes, builder));
  return OnGrid(y, call, 0, builder);
}

Outputs QuantizedWhere(Call call, Builder* builder) {
  LOWBIT_TRY(const Value x, Real(call, 1, builder));
  LOWBIT_TRY(const Value y, Real(call, 4, builder));
  LOWBIT_TRY(const Value z, As1("Where", {call.Input(0), x, y}, {}, builder));
  return OnGrid(z, call, 7, builder);
}

// alpha a b + c, where c counts in units of all three scales; floats where the result has none.
Outputs QuantizedGemm(Call call, Builder* builder) {
  const bool turned = call.Int("transB", 0) != 0;
  LOWBIT_TRY(const Value a, Real(call, 0, builder));
  LOWBIT_TRY(const Value b, Real(call, 3, builder, turned ? 0 : 1));
  std::vector<Value> operands = {a, b};
  if (call.Input(6).present) {
    LOWBIT_TRY(const Value product, builder->Apply1("Mul", {call.Input(1), call.Input(4)}));
    LOWBIT_TRY(const Value unit, builder->Apply1("Mul", {product, Number(Float(call, "alpha", 1))}));
    LOWBIT_TRY(const Value integers, AsFloat(call.Input(6), builder));
    LOWBIT_TRY(Value bias, builder->Apply1("Mul", {integers, unit}));
    operands.push_back(std::move(bias));
  }
  LOWBIT_TRY(Value y, As1("Gemm", std::move(operands), call.attributes, builder));
  if (!call.Input(7).present) return std::vector<Value>{std::move(y)};
  return OnGrid(y, call, 7, builder);
}

Outputs WithBias(Value y, const Value& bias, Builder* builder) {
  if (!bias.present) return std::vector<Value>{std::move(y)};
  return builder->Apply("Add", {y, bias});
}

// Inputs: a, b, their scales, their zero points, a bias.
Outputs MatMulIntegerToFloat(Call call, Builder* builder) {
  LOWBIT_TRY(const Value a, Dequantize(call.Input(0), call.Input(2), call.Input(4), -2, builder));
  LOWBIT_TRY(const Value b, Dequantize(call.Input(1), call.Input(3), call.Input(5), -1, builder));
  LOWBIT_TRY(Value y, As1("MatMul", {a, b}, {}, builder));
  return WithBias(std::move(y), call.Input(6), builder);
}

// Inputs: a, b, b's scale and zero point, a bias. As in the file, a goes through eight bits of its own range.
Outputs DynamicQuantizeMatMul(Call call, Builder* builder) {
  LOWBIT_TRY(const std::vector<Value> integers, As("DynamicQuantizeLinear", {call.Input(0)}, {}, builder));
  LOWBIT_TRY(const Value a, Dequantize(integers[0], integers[1], integers[2], 1, builder));
  LOWBIT_TRY(const Value b, Dequantize(call.Input(1), call.Input(2), call.Input(3), -1, builder));
  LOWBIT_TRY(Value y, As1("MatMul", {a, b}, {}, builder));
  return WithBias(std::move(y), call.Input(4), builder);
}

// Integers [directions, inputs, gates], with scales and zero points for each direction or each gate's unit, as the weights
// [directions, gates, inputs] of ONNX's LSTM.
Result<Value> RecurrentWeights(const Call& call, size_t weight, size_t scale, Builder* builder) {
  if (call.Input(weight).rank() != 3) return Invalid("weights must be [directions, inputs, gates]");
  const std::vector<int64_t> turn = {0, 2, 1};
  LOWBIT_TRY(const Value turned, builder->Apply1("Transpose", {call.Input(weight)}, {{"perm", turn}}));
  std::vector<Value> parameters = {call.Input(scale), call.Input(scale + 1)};
  for (Value& parameter : parameters) {
    if (!parameter.present) continue;
    const Value axes = parameter.rank() == 1 ? Integers({1, 2}) : Integers({2});
    LOWBIT_TRY(parameter, builder->Apply1("Unsqueeze", {parameter, axes}));
  }
  return Dequantize(turned, parameters[0], parameters[1], 0, builder);
}

// Inputs 8 to 11: scales and zero points of W and R. The file rounds inputs and states to eight bits in every step; here they
// stay floats.
Outputs DynamicQuantizeLstm(Call call, Builder* builder) {
  LOWBIT_TRY(Value w, RecurrentWeights(call, 1, 8, builder));
  LOWBIT_TRY(Value r, RecurrentWeights(call, 2, 10, builder));
  Call lstm = call;
  lstm.op = "LSTM";
  lstm.inputs.resize(std::min<size_t>(8, call.inputs.size()));
  lstm.inputs[1] = std::move(w);
  lstm.inputs[2] = std::move(r);
  return Rules().at("LSTM")(std::move(lstm), builder);
}

// What FusedConv and FusedGemm do at their end: the parameters are Clip's bounds, or those of the function in ONNX's order.
Outputs Activated(const Value& x, const std::string& activation, const std::vector<double>& parameters,
                  Builder* builder) {
  if (activation.empty()) return std::vector<Value>{x};
  if (activation == "Clip" && parameters.size() == 2) {
    return builder->Apply("Clip", {x, Number(parameters[0]), Number(parameters[1])});
  }
  Attributes attributes;
  if (activation == "LeakyRelu" || activation == "HardSigmoid") {
    const std::vector<std::string> names = {"alpha", "beta"};
    for (size_t i = 0; i < std::min(parameters.size(), names.size()); ++i) attributes[names[i]] = parameters[i];
    if (activation == "LeakyRelu") attributes.erase("beta");
  } else if (activation != "Relu" && activation != "Sigmoid" && activation != "Tanh") {
    return Invalid("attribute 'activation' is '" + activation + "', which is not supported");
  }
  return builder->Apply(activation, {x}, std::move(attributes));
}

// A convolution, another value added to it, and a function of the sum.
Outputs FusedConv(Call call, Builder* builder) {
  const std::string activation = call.Text("activation", "");
  std::vector<double> parameters;
  if (const auto found = call.attributes.find("activation_params"); found != call.attributes.end()) {
    if (const auto* list = std::get_if<std::vector<double>>(&found->second)) parameters = *list;
  }
  for (const char* name : {"activation", "activation_params"}) call.attributes.erase(name);
  const Value sum = call.Input(3);
  call.inputs.resize(std::min<size_t>(3, call.inputs.size()));
  LOWBIT_TRY(const Value y, As1("Conv", call.inputs, call.attributes, builder));
  LOWBIT_TRY(const std::vector<Value> added, WithBias(y, sum, builder));
  return Activated(added[0], activation, parameters, builder);
}

Outputs FusedGemm(Call call, Builder* builder) {
  const std::string activation = call.Text("activation", "");
  std::vector<double> parameters;
  for (const char* name : {"activation_alpha", "activation_beta", "activation_gamma"}) {
    if (call.attributes.count(name) != 0) parameters.push_back(Float(call, name, 0));
    call.attributes.erase(name);
  }
  call.attributes.erase("activation");
  LOWBIT_TRY(const Value y, As1("Gemm", call.inputs, call.attributes, builder));
  return Activated(y, activation, parameters, builder);
}

// x with its last two dimensions exchanged.
Result<Value> LastTurned(const Value& x, Builder* builder) {
  if (x.rank() < 2) return Invalid("transposes a value of less than two dimensions");
  std::vector<int64_t> turn;
  for (size_t i = 0; i < x.rank(); ++i) turn.push_back(static_cast<int64_t>(i));
  std::swap(turn[x.rank() - 1], turn[x.rank() - 2]);
  return builder->Apply1("Transpose", {x}, {{"perm", turn}});
}

// alpha a b
Outputs FusedMatMul(Call call, Builder* builder) {
  for (const char* name : {"transBatchA", "transBatchB"}) {
    if (call.Int(name, 0) != 0) return Invalid(std::string("attribute '") + name + "' must be 0");
  }
  Value a = call.Input(0), b = call.Input(1);
  if (call.Int("transA", 0) != 0) {
    LOWBIT_TRY(a, LastTurned(a, builder));
  }
  if (call.Int("transB", 0) != 0) {
    LOWBIT_TRY(b, LastTurned(b, builder));
  }
  LOWBIT_TRY(Value y, As1("MatMul", {a, b}, {}, builder));
  const double alpha = Float(call, "alpha", 1);
  if (alpha == 1) return std::vector<Value>{std::move(y)};
  return builder->Apply("Mul", {y, Number(alpha)});
}

// Gelu of a sum with a bias, if there is one; FastGelu is its approximation by tanh.
Outputs Gelu(Call call, Builder* builder) {
  Attributes attributes;
  if (call.op == "FastGelu") attributes["approximate"] = std::string("tanh");
  LOWBIT_TRY(const std::vector<Value> x, WithBias(call.Input(0), call.Input(1), builder));
  return As("Gelu", x, std::move(attributes), builder);
}

// x sigmoid(alpha x)
Outputs QuickGelu(Call call, Builder* builder) {
  const Value& x = call.Input(0);
  LOWBIT_TRY(const Value scaled, builder->Apply1("Mul", {x, Number(Float(call, "alpha", 1.702))}));
  LOWBIT_TRY(const Value gate, builder->Apply1("Sigmoid", {scaled}));
  return builder->Apply("Mul", {x, gate});
}

// Inputs: x, what is added, scale, shift, a bias that is added too. The last of four outputs is the sum.
Outputs SkipLayerNormalization(Call call, Builder* builder) {
  if (call.outputs != 1 && call.outputs != 4) return Invalid("gives mean or deviation out, which is not supported");
  LOWBIT_TRY(Value sum, builder->Apply1("Add", {call.Input(0), call.Input(1)}));
  LOWBIT_TRY(const std::vector<Value> biased, WithBias(std::move(sum), call.Input(4), builder));
  std::vector<Value> inputs = {biased[0], call.Input(2)};
  if (call.Input(3).present) inputs.push_back(call.Input(3));
  LOWBIT_TRY(Value y, As1("LayerNormalization", std::move(inputs),
                          {{"axis", int64_t{-1}}, {"epsilon", Float(call, "epsilon", 1e-12)}}, builder));
  std::vector<Value> outputs = {std::move(y), Value(), Value(), biased[0]};
  outputs.resize(call.outputs);
  return outputs;
}

}  // namespace

void AddMicrosoftRules(RuleTable* table) {
  const auto add = [table](const std::string& op, Rule rule) { (*table)[RuleName(kMicrosoftDomain, op)] = rule; };
  for (const char* op : {"QLinearAdd", "QLinearMul"}) add(op, QuantizedBinary);
  for (const char* op :
       {"QLinearAveragePool", "QLinearGlobalAveragePool", "QLinearLeakyRelu", "QLinearSigmoid", "QLinearSoftmax"}) {
    add(op, QuantizedUnary);
  }
  add("QLinearConcat", QuantizedConcat);
  add("QLinearWhere", QuantizedWhere);
  add("QGemm", QuantizedGemm);
  add("MatMulIntegerToFloat", MatMulIntegerToFloat);
  add("DynamicQuantizeMatMul", DynamicQuantizeMatMul);
  add("DynamicQuantizeLSTM", DynamicQuantizeLstm);
  for (const char* op : {"QuantizeLinear", "DequantizeLinear"}) add(op, table->at(op));
  add("FusedConv", FusedConv);
  add("FusedGemm", FusedGemm);
  add("FusedMatMul", FusedMatMul);
  for (const char* op : {"Gelu", "BiasGelu", "FastGelu"}) add(op, Gelu);
  add("QuickGelu", QuickGelu);
  add("SkipLayerNormalization", SkipLayerNormalization);
}

}  // namespace lowbit::onnx
