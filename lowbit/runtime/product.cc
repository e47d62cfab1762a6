#include "lowbit/runtime/product.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "lowbit/runtime/binary_look_up.h"
#include "lowbit/runtime/byte_weights.h"

namespace lowbit::runtime {
namespace {

bool ReadConv(const Node& node, const Lowering& lowering, Product* product) {
  const Parameter* weight = lowering.Constant(node.inputs[1]);
  if (weight == nullptr) return false;
  const Shape& input = lowering.ShapeOf(node.inputs[0]);
  product->shape = ShapeOfConv(node, input, weight->shape());
  const ConvShape& shape = product->shape;
  product->images = input[0];
  product->depthwise = shape.groups > 1 && shape.GroupInputs() == 1 && shape.GroupOutputs() == 1;
  if (product->depthwise) product->groups.push_back({weight, false, 0, shape.out_channels, 1, shape.Taps()});
  for (int64_t g = 0; g < shape.groups && !product->depthwise; ++g) {
    product->groups.push_back(
        {weight, false, g * shape.GroupOutputs(), shape.GroupOutputs(), shape.GroupInputs(), shape.Taps()});
  }
  product->bias.assign(static_cast<size_t>(shape.out_channels), 0.0);
  if (HasInput(node, 2)) {
    const FloatTensor* bias = lowering.FloatConstant(node.inputs[2]);
    if (bias == nullptr) return false;
    product->bias.assign(bias->data.begin(), bias->data.end());
  }
  return true;
}

bool ReadGemm(const Node& node, const Lowering& lowering, Product* product) {
  const Parameter* weight = lowering.Constant(node.inputs[1]);
  if (weight == nullptr || IntAttribute(node, "transA", 0) != 0) return false;
  const Shape& input = lowering.ShapeOf(node.inputs[0]);
  const Shape& output = lowering.ShapeOf(node.outputs[0]);
  const size_t columns = static_cast<size_t>(output[1]);
  product->images = input[0];
  product->shape.in_channels = input[1];
  product->shape.out_channels = output[1];
  product->factor = FloatAttribute(node, "alpha", 1);
  product->groups.push_back({weight, IntAttribute(node, "transB", 0) == 0, 0, output[1], input[1], 1});
  product->bias.assign(columns, 0.0);
  if (!HasInput(node, 2)) return true;
  const FloatTensor* bias = lowering.FloatConstant(node.inputs[2]);
  if (bias == nullptr) return false;
  // One value for each output channel, or one for all; a bias that differs between rows is none of ours.
  const bool one = bias->data.size() == 1;
  if (!one && (bias->data.size() != columns || bias->shape.back() != output[1])) return false;
  const double beta = FloatAttribute(node, "beta", 1);
  for (size_t c = 0; c < columns; ++c) product->bias[c] = beta * bias->data[one ? 0 : c];
  return true;
}

bool HasVectors(const WeightSource& source) {
  const QTensor* tensor = std::get_if<QTensor>(&source.parameter->value);
  return tensor != nullptr && tensor->values.kind == ValueSet::Kind::kCodebook;
}

// The largest product that kernel conv_u2 adds up: several of them must fit into a byte.
constexpr int kLargestSmallProduct = 6;

bool HasFewValues(const ByteFormat& input, const ValueSet& weights) {
  if (input.Values() > 4 || weights.Count() > 4 || weights.kind == ValueSet::Kind::kCodebook) return false;
  const int largest = std::max(input.offset, input.largest - input.offset);
  for (int code = 0; code < weights.Count(); ++code) {
    if (std::abs(weights.Value(code)) * static_cast<float>(largest) > kLargestSmallProduct) return false;
  }
  return true;
}

constexpr char kNoIntegers[] = "its weights are no integers of 16 bits";
constexpr char kSumsTooLarge[] = "its sums could exceed 32 bits";

bool AllZero(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return v == 0; });
}

bool FitInSums(const QTensor& weights, const IntegerValues& values, const Product& product, const ByteFormat& input) {
  return SumsFit(weights, values, !product.groups[0].transposed, std::max(input.offset, input.largest - input.offset));
}

// Why the integer form (core/integer_form.h) has left the product of such an input in float.
std::string WhyNotIntegers(const QTensor& weights, const Product& product, const ByteFormat& input) {
  const std::optional<IntegerValues> values = AsIntegers(weights.values);
  if (!values.has_value()) return kNoIntegers;
  if (!FitInSums(weights, *values, product, input)) return kSumsTooLarge;
  return "its weights have a scale for each input, or its bias is computed";
}

ByteKind KindOf(const ByteProduct& read) {
  if (read.product.depthwise) return ByteKind::kDepthwise;
  const auto& weights = std::get<QTensor>(read.product.groups[0].parameter->value);
  if (HasFewValues(read.input, weights.values)) return ByteKind::kFewValues;
  const bool looked_up = LookingUpPays(read.product.shape) && CanLookUp(read.product.shape, read.product.groups[0]);
  return looked_up ? ByteKind::kTwoValues : ByteKind::kAny;
}

}  // namespace

bool ReadProduct(const Node& node, const Lowering& lowering, Product* product) {
  if (node.op != "Conv" && node.op != "Gemm") return false;
  if (lowering.Constant(node.inputs[0]) != nullptr) return false;
  return node.op == "Conv" ? ReadConv(node, lowering, product) : ReadGemm(node, lowering, product);
}

std::string WhyNotBytes(const Node& node, const Lowering& lowering, const Product& product) {
  // A product with float weights is one of floats whatever its input is.
  const ByteFormat* input = lowering.BytesOf(node.inputs[0]);
  const auto* weights = std::get_if<QTensor>(&lowering.Constant(node.inputs[1])->value);
  if (input == nullptr) {
    const Node* unit = weights == nullptr ? nullptr : lowering.UnitOfBytes(node.inputs[0]);
    if (unit != nullptr) return WhyNotIntegers(*weights, product, *lowering.BytesOf(unit->inputs[0]));
    if (weights != nullptr || !lowering.InIntegers()) return "its input is not quantized to 8 bits or less";
  }
  if (product.depthwise && HasVectors(product.groups[0])) {
    return "its weights are vectors of a codebook, a kernel for each channel";
  }
  const std::optional<IntegerValues> integers = IntegersOf(product.groups[0]);
  if (!integers.has_value() || product.factor != 1 || !AllZero(product.bias)) return kNoIntegers;
  return FitInSums(*weights, *integers, product, *input) ? "" : kSumsTooLarge;
}

std::optional<ByteProduct> ReadByteProduct(size_t index, const Lowering& lowering, ByteKind kind) {
  const Node& node = lowering.graph().nodes[index];
  ByteProduct read;
  if (!ReadProduct(node, lowering, &read.product)) return std::nullopt;
  const ByteFormat* input = lowering.BytesOf(node.inputs[0]);
  if (input == nullptr || !std::holds_alternative<QTensor>(read.product.groups[0].parameter->value))
    return std::nullopt;
  read.input = *input;
  // Each kind asks for each layer: what reads all of its weights comes last.
  if (KindOf(read) != kind || !WhyNotBytes(node, lowering, read.product).empty()) return std::nullopt;
  read.operation = node.op == "Conv" ? "conv" : "gemm";
  if (node.op == "Gemm") {
    read.product.shape.in_width = read.product.shape.out_width = read.product.images;
    read.product.images = 1;
  }
  read.fusion = lowering.FuseProduct(index, read.product.bias, true);
  lowering.AbsorbQuantizer(&read.fusion);
  return read;
}

void DescribeFloatProduct(const Node& node, const Lowering& lowering, const Fusion& fusion, const std::string& values,
                          const std::string& reason, Step* step) {
  step->kernel = std::string(node.op == "Conv" ? "conv" : "gemm") + "_f32_" + values;
  step->reason = reason;
  step->fallback = lowering.InIntegers();
  step->reads.push_back(node.inputs[0]);
  if (!fusion.residual.empty()) step->reads.push_back(fusion.residual);
  step->writes = {fusion.output};
  step->nodes = fusion.nodes;
}

}  // namespace lowbit::runtime
