// Layers: convolutions and pools of one dimension, normalizations, recurrent layers.

#include <algorithm>
#include <utility>
#include <vector>

#include "lowbit/format/onnx/low_bit.h"
#include "lowbit/format/onnx/products.h"
#include "lowbit/format/onnx/rules.h"
#include "lowbit/format/onnx/rules_volumes.h"

namespace lowbit::onnx {
namespace {

// Puts `value` before each half of an attribute's list: [k] becomes [value, k], [begin, end] [value, begin, value, end].
void Widen(Call* call, const std::string& name, int64_t value, size_t halves) {
  const auto found = call->attributes.find(name);
  auto* list = found == call->attributes.end() ? nullptr : std::get_if<std::vector<int64_t>>(&found->second);
  if (list == nullptr || list->size() != halves) return;
  std::vector<int64_t> wide;
  for (const int64_t entry : *list) wide.insert(wide.end(), {value, entry});
  *list = std::move(wide);
}

// A sequence [N, C, L] is an image of one row.
Outputs WindowOfOneDimension(Call call, Builder* builder) {
  Widen(&call, "kernel_shape", 1, 1);
  Widen(&call, "strides", 1, 1);
  Widen(&call, "dilations", 1, 1);
  Widen(&call, "output_padding", 0, 1);
  Widen(&call, "pads", 0, 2);
  const bool weighted = call.op == "Conv" || call.op == "ConvTranspose";
  for (size_t i = 0; i < (weighted ? 2 : 1); ++i) {
    LOWBIT_TRY(call.inputs[i], builder->Apply1("Unsqueeze", {call.Input(i), Integers({2})}));
  }
  LOWBIT_TRY(std::vector<Value> outputs, ApplyAsIs(call, builder));
  for (Value& output : outputs) {
    LOWBIT_TRY(output, builder->Apply1("Squeeze", {output, Integers({2})}));
  }
  return outputs;
}

Outputs Windowed(Call call, Builder* builder) {
  if (call.inputs.empty() || !call.inputs[0].present) return Invalid("has no input");
  if (call.Text("auto_pad", "") == "NOTSET") call.attributes.erase("auto_pad");
  // Pads of 0 beside auto_pad say nothing.
  if (call.Text("auto_pad", "NOTSET") != "NOTSET") {
    if (const auto pads = call.attributes.find("pads"); pads != call.attributes.end()) {
      const auto* list = std::get_if<std::vector<int64_t>>(&pads->second);
      if (list != nullptr && std::all_of(list->begin(), list->end(), [](int64_t pad) { return pad == 0; })) {
        call.attributes.erase(pads);
      }
    }
  }
  const size_t rank = call.Input(0).rank();
  if (rank == 3) return WindowOfOneDimension(std::move(call), builder);
  if (rank == 5 && call.op == "Conv") return ConvOfVolumes(std::move(call), builder);
  if (rank == 5 && call.op != "ConvTranspose") return PoolOfVolumes(std::move(call), builder);
  if (rank != 4) {
    return Invalid("works on images [N, C, H, W] or sequences [N, C, L]; its input has shape " +
                   ToString(call.Input(0).shape()));
  }
  return ApplyAsIs(call, builder);
}

// The list of `rank` entries, or nothing where the attribute is of another kind or length.
std::vector<int64_t> ListOf(const Call& call, const std::string& name, std::vector<int64_t> otherwise) {
  const auto found = call.attributes.find(name);
  if (found == call.attributes.end()) return otherwise;
  const auto* list = std::get_if<std::vector<int64_t>>(&found->second);
  return list == nullptr || list->size() != otherwise.size() ? std::vector<int64_t>() : *list;
}

// auto_pad and output_shape as the pads (and output_padding) that they stand for.
Status ResolvePads(Call* call) {
  const std::string mode = call->Text("auto_pad", "NOTSET");
  const bool by_shape = call->attributes.count("output_shape") != 0;
  call->attributes.erase("auto_pad");
  if (mode == "VALID" || (mode == "NOTSET" && !by_shape)) return Ok();
  if (mode != "NOTSET" && mode != "SAME_UPPER" && mode != "SAME_LOWER") {
    return Invalid("unknown auto_pad '" + mode + "'");
  }
  const Shape &input = call->Input(0).shape(), &weight = call->Input(1).shape();
  const size_t rank = input.size() < 2 ? 0 : input.size() - 2;
  const std::vector<int64_t> ones(rank, 1);
  const std::vector<int64_t> strides = ListOf(*call, "strides", ones), dilations = ListOf(*call, "dilations", ones);
  std::vector<int64_t> extra = ListOf(*call, "output_padding", std::vector<int64_t>(rank, 0)), pads(2 * rank);
  const std::vector<int64_t> wanted = ListOf(*call, "output_shape", ones);
  if (rank == 0 || weight.size() != input.size() || strides.empty() || dilations.empty() || extra.empty() ||
      wanted.empty()) {
    return Invalid("attributes do not fit an input of shape " + ToString(input));
  }
  for (size_t i = 0; i < rank; ++i) {
    const double span = static_cast<double>(weight[2 + i] - 1) * static_cast<double>(dilations[i]) + 1;
    const double extent = static_cast<double>(input[2 + i]), stride = static_cast<double>(strides[i]);
    const double output = by_shape ? static_cast<double>(wanted[i]) : extent * stride;
    const double total = stride * (extent - 1) + static_cast<double>(extra[i]) + span - output;
    if (!(total > -1e9 && total < 1e9)) return Invalid("attributes are out of range");
    const int64_t cut = std::max<int64_t>(0, static_cast<int64_t>(total));
    if (total < 0) extra[i] -= static_cast<int64_t>(total);
    // The odd one comes first, unless SAME_UPPER puts it last.
    pads[i] = mode == "SAME_UPPER" ? cut / 2 : cut - cut / 2;
    pads[rank + i] = cut - pads[i];
  }
  call->attributes.erase("output_shape");
  call->attributes["pads"] = pads;
  call->attributes["output_padding"] = extra;
  return Ok();
}

Outputs ConvTranspose(Call call, Builder* builder) {
  LOWBIT_RETURN_IF_ERROR(ResolvePads(&call));
  return Windowed(std::move(call), builder);
}

Outputs GlobalMaxPool(Call call, Builder* builder) {
  std::vector<int64_t> axes;
  for (int64_t axis = 2; axis < static_cast<int64_t>(call.Input(0).rank()); ++axis) axes.push_back(axis);
  if (axes.empty()) return Invalid("input must be [N, C, ...]");
  return builder->Apply("ReduceMax", {call.Input(0), Integers(axes)});
}

// Attributes of older opsets that say nothing at inference.
Outputs BatchNormalization(Call call, Builder* builder) {
  if (call.Int("spatial", 1) != 1) return Invalid("attribute 'spatial' must be 1");
  for (const char* name : {"consumed_inputs", "is_test", "spatial"}) call.attributes.erase(name);
  return ApplyAsIs(call, builder);
}

Outputs InstanceNormalization(Call call, Builder* builder) {
  call.attributes.erase("consumed_inputs");
  return ApplyAsIs(call, builder);
}

// Low-bit weights of a matrix by rows, as Gemm with transB = 1 takes them; null where input 1 is none.
ConstantPtr WeightRows(const Value& weight, bool transposed) {
  if (!weight.known() || weight.depends_on_batch() || weight.rank() != 2) return nullptr;
  const Constant& constant = *weight.constants[0];
  if (!HasRows(constant, transposed)) return nullptr;
  // Of a constant that is right already, the same one, so that it is stored once.
  if (!transposed && !constant.low_bit_transposed) return weight.constants[0];
  return MakeRows(constant, transposed);
}

// The weights of a product with them as rows, for Gemm with transB = 1; null where input 1 is no matrix of floats or low-bit weights.
ConstantPtr ProductRows(const Value& weight, Builder* builder) {
  if (ConstantPtr rows = WeightRows(weight, true)) return rows;
  if (!weight.known() || weight.depends_on_batch() || weight.rank() != 2 || IsInteger(weight.type)) return nullptr;
  return builder->Turn(weight.constants[0]);
}

Outputs Gemm(Call call, Builder* builder) {
  call.attributes.erase("broadcast");
  const bool turned = call.Int("transB", 0) == 0;
  if (ConstantPtr rows = turned ? ProductRows(call.Input(1), builder) : WeightRows(call.Input(1), false)) {
    call.inputs[1] = Builder::Known(std::move(rows), call.Input(1).name);
    call.attributes["transB"] = int64_t{1};
  }
  return ApplyAsIs(call, builder);
}

// What the network computes times a matrix of weights.
Outputs MatMul(Call call, Builder* builder) {
  const Value &x = call.Input(0), &weight = call.Input(1);
  if (x.known() || !HasRowsOfValues(x) || IsInteger(x.type) || !call.attributes.empty())
    return ApplyAsIs(call, builder);
  ConstantPtr rows = ProductRows(weight, builder);
  if (rows == nullptr) return ApplyAsIs(call, builder);
  return MultiplyByRows(x, Builder::Known(std::move(rows), weight.name), builder);
}

// Initial states of zeros are those that are left out, and then any batch fits.
Outputs Recurrent(Call call, Builder* builder) {
  call.attributes.erase("output_sequence");
  for (const size_t i : {5, 6}) {
    const Value& state = call.Input(i);
    if (!state.known()) continue;
    const auto is_zero = [](double v) { return v == 0; };
    const DoubleTensor values = onnx::Widen(*state.constants[0]);
    if (std::all_of(values.data.begin(), values.data.end(), is_zero)) call.inputs[i] = Value();
  }
  return ApplyAsIs(call, builder);
}

}  // namespace

void AddNetworkRules(RuleTable* table) {
  for (const char* op : {"AveragePool", "Conv", "MaxPool"}) (*table)[op] = Windowed;
  for (const char* op : {"GRU", "LSTM", "RNN"}) (*table)[op] = Recurrent;
  (*table)["BatchNormalization"] = BatchNormalization;
  (*table)["ConvTranspose"] = ConvTranspose;
  (*table)["Gemm"] = Gemm;
  (*table)["GlobalAveragePool"] = GlobalAveragePool;
  (*table)["GlobalMaxPool"] = GlobalMaxPool;
  (*table)["InstanceNormalization"] = InstanceNormalization;
  (*table)["MatMul"] = MatMul;
}

}  // namespace lowbit::onnx
