#include "lowbit/format/onnx/write_weights.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "lowbit/core/integer_weights.h"
#include "lowbit/format/onnx/names.h"

namespace lowbit::onnx {
namespace {

// What the values of a set are as integers in [low, high].
struct IntegerSet {
  IntegerValues values;
  int64_t low = 0, high = 0;
};

// Of a set with a value for each code; those of a codebook are gathered.
std::optional<IntegerSet> IntegersOf(const ValueSet& values) {
  if (values.kind == ValueSet::Kind::kCodebook) return std::nullopt;
  const std::optional<IntegerValues> integers = AsIntegers(values);
  if (!integers.has_value()) return std::nullopt;
  const auto [low, high] = std::minmax_element(integers->integers.begin(), integers->integers.end());
  return IntegerSet{*integers, *low, *high};
}

bool Holds(int bits, int64_t low, int64_t high) {
  const int64_t half = int64_t{1} << (bits - 1);
  return low >= -half && high < half;
}

// scale * factor where that loses nothing, so that its products with the integers are those of the QTensor.
bool ScalesTimes(const QTensor& tensor, double factor, std::vector<float>* scales) {
  scales->clear();
  for (const float scale : tensor.scales) {
    const double exact = scale * factor;
    const float rounded = static_cast<float>(exact);
    if (!std::isfinite(rounded) || rounded != exact) return false;
    scales->push_back(rounded);
  }
  return true;
}

Int64Tensor Stored(const QTensor& tensor, const IntegerSet& set, int64_t zero_point) {
  Int64Tensor stored(tensor.shape);
  for (size_t i = 0; i < stored.data.size(); ++i) stored.data[i] = set.values.integers[tensor.codes[i]] + zero_point;
  return stored;
}

// A scale for each row, to be broadcast over a tensor of that rank.
FloatTensor RowScales(const std::vector<float>& scales, size_t rank) {
  if (scales.size() == 1) return FloatTensor({}, scales);
  Shape shape(rank, 1);
  shape[0] = static_cast<int64_t>(scales.size());
  return FloatTensor(shape, scales);
}

// As QuantizeLinear's relatives take them: a scalar, or a list.
FloatTensor ListedScales(const std::vector<float>& scales) {
  if (scales.size() == 1) return FloatTensor({}, scales);
  return FloatTensor({static_cast<int64_t>(scales.size())}, scales);
}

void AddStored(const std::string& name, const StoredIntegers& weights, const Int64Tensor& values, FileBuilder* file) {
  if (weights.bits < 8) return file->AddIntegers(name, SubByte{weights.bits, weights.is_signed}, values);
  file->AddIntegers(name, weights.is_signed ? ElementType::kInt8 : ElementType::kUint8, values);
}

Int64Tensor Filled(const Shape& shape, int64_t value) {
  Int64Tensor tensor(shape);
  std::fill(tensor.data.begin(), tensor.data.end(), value);
  return tensor;
}

}  // namespace

std::optional<StoredIntegers> AsStoredIntegers(const QTensor& tensor, int least_bits) {
  const std::optional<IntegerSet> set = IntegersOf(tensor.values);
  StoredIntegers result;
  if (!set.has_value() || !ScalesTimes(tensor, set->values.factor, &result.scales)) return std::nullopt;
  for (const int bits : {2, 4, 8}) {
    if (bits < least_bits) continue;
    result.bits = bits;
    result.is_signed = Holds(bits, set->low, set->high);
    const int64_t zero_point = std::max<int64_t>(0, -set->low);
    if (!result.is_signed && set->high + zero_point >= int64_t{1} << bits) continue;
    result.zero_point = result.is_signed ? 0 : zero_point;
    result.values = Stored(tensor, *set, result.zero_point);
    return result;
  }
  return std::nullopt;
}

bool WriteDequantized(const std::string& name, const QTensor& tensor, int least_bits, FileBuilder* file) {
  const std::optional<StoredIntegers> weights = AsStoredIntegers(tensor, least_bits);
  if (!weights.has_value()) return false;
  const std::string integers = file->Unique(name + "/integers");
  AddStored(integers, *weights, weights->values, file);
  const FloatTensor scales = ListedScales(weights->scales);
  std::vector<std::string> inputs = {integers, file->NewFloats(name + "/scale", scales)};
  if (weights->zero_point != 0) {
    inputs.push_back(file->Unique(name + "/zero_point"));
    AddStored(inputs[2], *weights, Filled(scales.shape, weights->zero_point), file);
  }
  Attributes attributes;
  if (!scales.shape.empty()) attributes["axis"] = int64_t{0};
  file->Add("DequantizeLinear", std::move(inputs), name, std::move(attributes));
  return true;
}

bool WriteGathered(const std::string& name, const QTensor& tensor, FileBuilder* file) {
  const int64_t count = tensor.values.Count(), block = tensor.values.block;
  FloatTensor book(block == 1 ? Shape{count} : Shape{count, block}, tensor.values.table);
  if (book.data.empty()) {
    for (int code = 0; code < count; ++code) book.data.push_back(tensor.values.Value(code));
  }
  const Shape places = block == 1 ? tensor.shape : Shape{static_cast<int64_t>(tensor.codes.size())};
  Int64Tensor codes(places, {});
  for (size_t i = 0; i < tensor.codes.size(); ++i) codes.data.push_back(tensor.Code(i));
  const ElementType type = count > 256 ? ElementType::kUint16 : ElementType::kUint8;
  const std::string stored = file->NewIntegers(name + "/codes", type, codes);
  const std::string positions =
      file->Apply("Cast", {stored}, name + "/positions", {{"to", static_cast<int64_t>(ElementType::kInt32)}});
  std::string values = file->Apply("Gather", {file->NewFloats(name + "/codebook", book), positions}, name + "/values",
                                   {{"axis", int64_t{0}}});
  if (block != 1) {
    const Int64Tensor shape({static_cast<int64_t>(tensor.shape.size())}, tensor.shape);
    values = file->Apply("Reshape", {values, file->NewIntegers(name + "/shape", ElementType::kInt64, shape)},
                         name + "/unscaled");
  }
  file->Add("Mul", {values, file->NewFloats(name + "/scale", RowScales(tensor.scales, tensor.shape.size()))}, name);
  return true;
}

namespace {

// Scales as QONNX bears them: above 0. The values' signs change with those of their scales; a row that was all 0 stays.
bool MakePositive(bool zero_may_change, std::vector<float>* scales, bool* any_negative) {
  for (float& scale : *scales) {
    *any_negative = *any_negative || scale < 0;
    if (scale == 0 && !zero_may_change) return false;
    scale = scale == 0 ? 1 : std::abs(scale);
  }
  return true;
}

}  // namespace

bool WriteQonnx(const std::string& name, const QTensor& tensor, FileBuilder* file) {
  using Kind = ValueSet::Kind;
  const Kind kind = tensor.values.kind;
  const std::optional<IntegerSet> set = IntegersOf(tensor.values);
  std::vector<float> scales;
  bool flips = false;
  if (!set.has_value() || !ScalesTimes(tensor, set->values.factor, &scales)) return false;
  const bool has_zero = std::count(set->values.integers.begin(), set->values.integers.end(), 0) > 0;
  if (!MakePositive(has_zero, &scales, &flips)) return false;
  const std::string floats = file->NewFloats(name + "/floats", Dequantize(tensor));
  const std::string scale = file->NewFloats(name + "/scale", RowScales(scales, tensor.shape.size()));
  if (kind == Kind::kBinary) {
    file->Add("BipolarQuant", {floats, scale}, name, {}, kQonnxDomain);
    return true;
  }
  int bits = tensor.values.bits, zero_point = tensor.values.zero_point;
  bool is_signed = false;
  if (kind != Kind::kAffine || flips || Holds(bits, set->low, set->high)) {
    const int64_t low = flips ? std::min(set->low, -set->high) : set->low;
    const int64_t high = flips ? std::max(set->high, -set->low) : set->high;
    is_signed = true;
    zero_point = 0;
    for (bits = 2; !Holds(bits, low, high);) ++bits;
  }
  file->Add("Quant",
            {floats, scale, file->NewScalar(name + "/zero_point", zero_point), file->NewScalar(name + "/bits", bits)},
            name,
            {{"signed", int64_t{is_signed}},
             {"narrow", int64_t{kind == Kind::kTernary}},
             {"rounding_mode", std::string("ROUND")}},
            kQonnxDomain);
  return true;
}

namespace {

// MatMulNBits: rows of codes in blocks of so many weights, each with a scale and a zero point.
struct Blocks {
  int64_t rows, columns, size, count;
};

Blocks BlocksOf(const Shape& shape) {
  Blocks blocks = {shape[0], shape[1], 16, 1};
  while (blocks.size < std::min<int64_t>(blocks.columns, 128)) blocks.size *= 2;
  blocks.count = (blocks.columns + blocks.size - 1) / blocks.size;
  return blocks;
}

// Codes without sign, so many bits each, the first in a byte's lowest bits.
std::vector<int64_t> PackCodes(int bits, const std::vector<int64_t>& codes) {
  if (bits == 8) return codes;
  const std::vector<uint8_t> bytes = Pack({bits, false}, codes);
  return {bytes.begin(), bytes.end()};
}

// Stored integers plus `added` block by block, filled up at the end of a row (nothing is multiplied with that).
Int64Tensor BlockCodes(const Blocks& blocks, int bits, int64_t added, const std::vector<int64_t>& stored) {
  std::vector<int64_t> codes;
  for (int64_t row = 0; row < blocks.rows; ++row) {
    const auto begin = stored.begin() + row * blocks.columns;
    std::transform(begin, begin + blocks.columns, std::back_inserter(codes), [&](int64_t v) { return v + added; });
    codes.resize(static_cast<size_t>((row + 1) * blocks.count * blocks.size), added);
  }
  return Int64Tensor({blocks.rows, blocks.count, blocks.size * bits / 8}, PackCodes(bits, codes));
}

FloatTensor BlockScales(const Blocks& blocks, const std::vector<float>& scales) {
  FloatTensor tensor({blocks.rows, blocks.count});
  for (size_t i = 0; i < tensor.data.size(); ++i) {
    tensor.data[i] = scales[scales.size() == 1 ? 0 : i / static_cast<size_t>(blocks.count)];
  }
  return tensor;
}

// Each row's zero points begin a byte.
Int64Tensor BlockZeroPoints(const Blocks& blocks, int bits, int64_t zero_point) {
  const std::vector<int64_t> row = PackCodes(bits, std::vector<int64_t>(static_cast<size_t>(blocks.count), zero_point));
  Int64Tensor tensor({blocks.rows, static_cast<int64_t>(row.size())});
  for (size_t i = 0; i < tensor.data.size(); ++i) tensor.data[i] = row[i % row.size()];
  return tensor;
}

// alpha * product + beta * bias
void FinishGemm(const Node& node, const std::vector<std::string>& inputs, std::string product, FileBuilder* file) {
  const std::string& name = node.outputs[0];
  const double alpha = FloatAttribute(node, "alpha", 1), beta = FloatAttribute(node, "beta", 1);
  const bool biased = HasInput(node, 2) && beta != 0;
  if (alpha != 1) {
    product = file->Apply("Mul", {product, file->NewScalar(name + "/alpha", alpha)}, name + "/scaled");
  }
  if (!biased) return file->Add("Identity", {product}, name);
  std::string bias = inputs[2];
  if (beta != 1) bias = file->Apply("Mul", {bias, file->NewScalar(name + "/beta", beta)}, name + "/bias");
  file->Add("Add", {product, bias}, name);
}

}  // namespace

bool WriteMatMulNBits(const Node& node, const std::vector<std::string>& inputs, const QTensor& tensor,
                      FileBuilder* file) {
  const bool by_rows = IntAttribute(node, "transA", 0) == 0 && IntAttribute(node, "transB", 0) != 0;
  const std::optional<StoredIntegers> weights = AsStoredIntegers(tensor, 2);
  if (node.op != "Gemm" || !by_rows || !weights.has_value()) return false;
  const Blocks blocks = BlocksOf(tensor.shape);
  const int bits = weights->bits;
  const int64_t middle = int64_t{1} << (bits - 1);
  const int64_t zero_point = weights->is_signed ? middle : weights->zero_point;
  const int64_t added = weights->is_signed ? middle : 0;
  const std::string &weight = node.inputs[1], &output = node.outputs[0];
  std::vector<std::string> operands = {
      inputs[0],
      file->NewIntegers(weight + "/codes", ElementType::kUint8, BlockCodes(blocks, bits, added, weights->values.data)),
      file->NewFloats(weight + "/scale", BlockScales(blocks, weights->scales))};
  if (zero_point != middle) {
    operands.push_back(
        file->NewIntegers(weight + "/zero_point", ElementType::kUint8, BlockZeroPoints(blocks, bits, zero_point)));
  }
  const std::string product = file->Unique(output + "/product");
  file->Add("MatMulNBits", std::move(operands), product,
            {{"K", blocks.columns}, {"N", blocks.rows}, {"bits", int64_t{bits}}, {"block_size", blocks.size}},
            kMicrosoftDomain);
  FinishGemm(node, inputs, product, file);
  return true;
}

}  // namespace lowbit::onnx
