// Operators of other domains: QONNX's quantizers, and ONNX Runtime's product with low-bit weights.

#include <algorithm>
#include <cctype>
#include <cmath>
#include <utility>

#include "lowbit/core/uniform_grid.h"
#include "lowbit/format/onnx/low_bit.h"
#include "lowbit/format/onnx/names.h"
#include "lowbit/format/onnx/products.h"
#include "lowbit/format/onnx/rules.h"
#include "lowbit/format/onnx/types.h"

namespace lowbit::onnx {
namespace {

Result<double> Scalar(const Call& call, size_t i, const char* what) {
  const Value& value = call.Input(i);
  if (value.known() && !value.depends_on_batch() && Elements(value.shape()) == 1) {
    return Widen(*value.constants[0]).data[0];
  }
  return Invalid(std::string(what) + " must be one number that is known when the file is read");
}

// One number for the tensor, also where the file says so with dimensions of 1.
bool IsScalar(const Value& value) { return value.known() && Elements(value.shape()) == 1; }

std::string RoundingMode(const Call& call, const std::string& otherwise) {
  std::string mode = call.Text("rounding_mode", otherwise);
  std::transform(mode.begin(), mode.end(), mode.begin(), [](unsigned char c) { return std::toupper(c); });
  return mode == "HALF_EVEN" ? "ROUND" : mode;
}

// A mode that rounds magnitudes: sign(x) * op(|x| + shift).
struct MagnitudeMode {
  const char* name;
  const char* op;
  double shift;
};
constexpr MagnitudeMode kMagnitudeModes[] = {{"UP", "Ceil", 0},
                                             {"DOWN", "Floor", 0},
                                             {"ROUND_TO_ZERO", "Floor", 0},
                                             {"HALF_UP", "Floor", 0.5},
                                             {"HALF_DOWN", "Ceil", -0.5}};

Result<Value> Rounded(const Value& x, const std::string& mode, Builder* builder) {
  if (mode == "ROUND") return builder->Apply1("Round", {x});
  if (mode == "CEIL") return builder->Apply1("Ceil", {x});
  if (mode == "FLOOR") return builder->Apply1("Floor", {x});
  for (const MagnitudeMode& known : kMagnitudeModes) {
    if (mode != known.name) continue;
    LOWBIT_TRY(Value magnitude, builder->Apply1("Abs", {x}));
    if (known.shift != 0) {
      LOWBIT_TRY(magnitude, builder->Apply1("Add", {magnitude, Number(known.shift)}));
    }
    LOWBIT_TRY(magnitude, builder->Apply1(known.op, {magnitude}));
    LOWBIT_TRY(const Value sign, builder->Apply1("Sign", {x}));
    return builder->Apply1("Mul", {sign, magnitude});
  }
  return Invalid("attribute 'rounding_mode' is '" + mode +
                 "'; known: ROUND, CEIL, FLOOR, UP, DOWN, ROUND_TO_ZERO, HALF_UP, HALF_DOWN");
}

// What lies on a grid of integers: (integers - zero_point) * scale. Low-bit weights where all is known.
Outputs Scaled(const Value& integers, const Value& scale, const Value& zero_point, Builder* builder) {
  LOWBIT_TRY(const Value shifted, builder->Apply1("Sub", {integers, zero_point}));
  if (shifted.known() && scale.known() && !shifted.depends_on_batch() && shifted.rank() >= 2) {
    ConstantPtr weights = MakeLowBit(Widen(*shifted.constants[0]), Widen(*scale.constants[0]));
    if (weights != nullptr) return std::vector<Value>{Builder::Known(std::move(weights))};
  }
  return builder->Apply("Mul", {shifted, scale});
}

// The integers that so many bits and the node's attributes allow.
Result<UniformGrid> RangeOf(const Call& call, double bits) {
  for (const char* name : {"signed", "narrow"}) {
    const auto attribute = call.attributes.find(name);
    if (attribute == call.attributes.end() || std::holds_alternative<int64_t>(attribute->second)) continue;
    return Invalid(std::string("attribute '") + name + "' must be an integer");
  }
  Node node;
  node.attributes = call.attributes;
  return MakeUniformGrid(node, 1, 0, bits);
}

// QONNX clips before it rounds, and adds the zero point before both.
Outputs QuantSteps(const Call& call, const UniformGrid& range, const std::string& mode, Builder* builder) {
  LOWBIT_TRY(const Value quotient, builder->Apply1("Div", {call.Input(0), call.Input(1)}));
  LOWBIT_TRY(const Value moved, builder->Apply1("Add", {quotient, call.Input(2)}));
  LOWBIT_TRY(const Value clipped, builder->Apply1("Clip", {moved, Number(range.low), Number(range.high)}));
  LOWBIT_TRY(const Value integers, Rounded(clipped, mode, builder));
  return Scaled(integers, call.Input(1), call.Input(2), builder);
}

Outputs Quant(Call call, Builder* builder) {
  for (size_t i = 0; i < 4; ++i) {
    if (!call.Input(i).present) return Invalid("has no input " + std::to_string(i));
  }
  LOWBIT_TRY(const double bits, Scalar(call, 3, "bit width"));
  const std::string mode = RoundingMode(call, "ROUND");
  const bool by_tensor = IsScalar(call.Input(1)) && IsScalar(call.Input(2));
  if (!call.Input(0).known() && by_tensor && mode == "ROUND") {
    call.op = "Quant";
    call.attributes.erase("rounding_mode");
    return ApplyAsIs(call, builder);
  }
  LOWBIT_TRY(const UniformGrid range, RangeOf(call, bits));
  return QuantSteps(call, range, mode, builder);
}

Outputs BipolarQuant(Call call, Builder* builder) {
  const Value &x = call.Input(0), &scale = call.Input(1);
  if (!x.present || !scale.present) return Invalid("has not two inputs");
  if (!x.known() && IsScalar(scale)) return ApplyAsIs(call, builder);
  LOWBIT_TRY(const Value positive, builder->Apply1("GreaterOrEqual", {x, Number(0)}));
  LOWBIT_TRY(const Value signs, builder->Apply1("Where", {positive, Number(1), Number(-1)}));
  return Scaled(signs, scale, Number(0), builder);
}

// The integers of a sum lose their lowest bits. Inputs: x, scale, zero point, its bits, then the result's bits, or (in
// version 2) the result's scale and bits.
struct TruncForm {
  double scale = 1, zero_point = 0, factor = 1;  // The factor by which integers shrink: a power of two.
  double out_scale = 1, out_zero_point = 0;
  bool clips = false;
  UniformGrid range;
};

Result<TruncForm> ReadTrunc(const Call& call) {
  TruncForm form;
  LOWBIT_TRY(form.scale, Scalar(call, 1, "scale"));
  LOWBIT_TRY(form.zero_point, Scalar(call, 2, "zero point"));
  form.clips = call.Input(5).present;
  LOWBIT_TRY(const double bits, Scalar(call, 3, "input bit width"));
  LOWBIT_TRY(const double out_bits, Scalar(call, form.clips ? 5 : 4, "output bit width"));
  form.out_scale = form.scale;
  form.out_zero_point = form.zero_point;
  form.factor = std::exp2(bits - out_bits);
  if (form.clips) {
    LOWBIT_TRY(form.out_scale, Scalar(call, 4, "output scale"));
    form.factor = std::exp2(std::nearbyint(std::log2(form.out_scale / form.scale)));
    form.out_zero_point = form.zero_point / form.factor;
    LOWBIT_TRY(form.range, RangeOf(call, out_bits));
  }
  const bool sound = form.scale > 0 && form.out_scale > 0 && form.factor >= 1 && form.factor <= std::exp2(kMaxGridBits);
  if (!sound || !std::isfinite(form.scale) || !std::isfinite(form.out_scale)) {
    return Invalid("scales must be positive, and the result must not have more bits than the input");
  }
  return form;
}

// floor(n / factor) of an integer n is the integer nearest to (n - (factor - 1) / 2) / factor, never half way between two:
// a Quant, whose result is an integer to what follows.
Outputs TruncAsQuant(const Value& x, const TruncForm& form, double out_bits, Builder* builder) {
  const double unit = form.out_scale / form.factor / form.scale;
  LOWBIT_TRY(const Value shrunk, builder->Apply1("Mul", {x, Number(unit)}));
  const double middle = form.out_scale * (form.factor - 1) / (2 * form.factor);
  LOWBIT_TRY(const Value moved, builder->Apply1("Sub", {shrunk, Number(middle)}));
  return builder->Apply("Quant", {moved, Number(form.out_scale), Number(0), Number(out_bits)},
                        {{"signed", int64_t{form.range.low < 0}}, {"narrow", int64_t{0}}});
}

Outputs TruncSteps(const Value& x, const TruncForm& form, const std::string& mode, Builder* builder) {
  LOWBIT_TRY(Value value, builder->Apply1("Div", {x, Number(form.scale)}));
  LOWBIT_TRY(value, builder->Apply1("Add", {value, Number(form.zero_point)}));
  LOWBIT_TRY(value, builder->Apply1("Round", {value}));
  LOWBIT_TRY(value, builder->Apply1("Div", {value, Number(form.factor)}));
  if (form.clips) {
    LOWBIT_TRY(value, builder->Apply1("Clip", {value, Number(form.range.low), Number(form.range.high)}));
  }
  LOWBIT_TRY(value, Rounded(value, mode, builder));
  return Scaled(value, Number(form.out_scale), Number(form.out_zero_point), builder);
}

Outputs Trunc(Call call, Builder* builder) {
  if (!call.Input(0).present) return Invalid("has no input");
  const std::string mode = RoundingMode(call, "FLOOR");
  LOWBIT_TRY(TruncForm form, ReadTrunc(call));
  LOWBIT_TRY(const double out_bits, Scalar(call, form.clips ? 5 : 4, "output bit width"));
  const bool narrow = call.Int("narrow", 0) != 0;
  if (call.Input(0).known() || mode != "FLOOR" || form.zero_point != 0 || narrow || out_bits >= kMaxGridBits) {
    return TruncSteps(call.Input(0), form, mode, builder);
  }
  // Version 1 knows no sign and does not saturate: a bit more holds both ranges.
  if (!form.clips) form.range.low = -1;
  return TruncAsQuant(call.Input(0), form, form.clips ? out_bits : out_bits + 1, builder);
}

// ONNX Runtime's product of x with N rows of K codes in blocks, each with a scale and a zero point.
struct BlockProduct {
  int64_t rows = 0, columns = 0, bits = 4, size = 32, count = 0;

  // The index of the block of weight i.
  size_t BlockOf(int64_t i) const { return static_cast<size_t>(i / columns * count + i % columns / size); }
};

Result<BlockProduct> ReadBlockProduct(const Call& call) {
  BlockProduct product = {call.Int("N", 0), call.Int("K", 0), call.Int("bits", 4), call.Int("block_size", 0), 0};
  const bool sized = product.rows > 0 && product.columns > 0 && product.size >= 16 && product.size <= 65536;
  if (!sized || (product.bits != 2 && product.bits != 4 && product.bits != 8)) {
    return Invalid("attributes N, K, bits (2, 4 or 8) and block_size (at least 16) must be given");
  }
  LOWBIT_RETURN_IF_ERROR(CheckedElements({product.rows, product.columns}));
  product.count = (product.columns + product.size - 1) / product.size;
  for (size_t i = 1; i < call.inputs.size(); ++i) {
    const Value& input = call.inputs[i];
    if (input.present && (!input.known() || input.depends_on_batch())) {
      return Invalid("input " + std::to_string(i) + " must be known when the file is read");
    }
  }
  return product;
}

// Rows of codes, each of which begins a byte; empty if there are not so many.
std::vector<int64_t> UnpackRows(const Value& packed, int64_t bits, int64_t rows, int64_t in_row) {
  const auto* bytes = std::get_if<Int64Tensor>(&packed.constants[0]->value);
  const int64_t row_bytes = (in_row * bits + 7) / 8;
  if (bytes == nullptr || static_cast<int64_t>(bytes->data.size()) != rows * row_bytes) return {};
  if (bits == 8) return bytes->data;
  std::vector<int64_t> codes;
  for (int64_t row = 0; row < rows; ++row) {
    const auto begin = bytes->data.begin() + row * row_bytes;
    const std::vector<uint8_t> part(begin, begin + row_bytes);
    const std::vector<int64_t> unpacked = Unpack({static_cast<int>(bits), false}, in_row, Span<const uint8_t>(part));
    codes.insert(codes.end(), unpacked.begin(), unpacked.end());
  }
  return codes;
}

Outputs MatMulNBits(Call call, Builder* builder) {
  LOWBIT_TRY(const BlockProduct product, ReadBlockProduct(call));
  const Value &scales = call.Input(2), &zeros = call.Input(3);
  if (!call.Input(0).present || !call.Input(1).present || !scales.present) return Invalid("has not three inputs");
  if (call.Input(4).present) return Invalid("input 4 (g_idx) is not supported");
  const std::vector<int64_t> codes =
      UnpackRows(call.Input(1), product.bits, product.rows, product.count * product.size);
  const DoubleTensor scale = Widen(*scales.constants[0]);
  if (codes.empty() || scale.data.size() != static_cast<size_t>(product.rows * product.count)) {
    return Invalid("weights or scales are not as many as N, K and block_size say");
  }
  std::vector<int64_t> zero(scale.data.size(), int64_t{1} << (product.bits - 1));
  if (zeros.present) zero = UnpackRows(zeros, product.bits, product.rows, product.count);
  if (zero.empty()) return Invalid("zero points must be packed as the weights are");
  DoubleTensor integers({product.rows, product.columns}), factor({product.rows, product.columns}),
      rows({product.rows, 1});
  bool by_rows = true;
  for (int64_t i = 0; i < product.rows * product.columns; ++i) {
    const size_t block = product.BlockOf(i), at = static_cast<size_t>(i);
    const int64_t row = i / product.columns;
    const int64_t place = row * product.count * product.size + i % product.columns;
    integers.data[at] = static_cast<double>(codes[static_cast<size_t>(place)] - zero[block]);
    factor.data[at] = scale.data[block];
    rows.data[static_cast<size_t>(row)] = scale.data[static_cast<size_t>(row * product.count)];
    by_rows = by_rows && scale.data[block] == rows.data[static_cast<size_t>(row)];
  }
  ConstantPtr weights = by_rows ? MakeLowBit(integers, rows) : nullptr;
  if (weights == nullptr) {
    for (size_t i = 0; i < integers.data.size(); ++i) integers.data[i] *= factor.data[i];
    weights = Narrow(ElementType::kFloat32, integers);
  }
  if (!HasRowsOfValues(call.Input(0))) return Invalid("two extents of its input depend on the batch");
  LOWBIT_TRY(const std::vector<Value> y,
             MultiplyByRows(call.Input(0), Builder::Known(std::move(weights), call.Input(1).name), builder));
  if (call.Input(5).present) return builder->Apply("Add", {y[0], call.Input(5)});
  return y;
}

}  // namespace

void AddQonnxRules(RuleTable* table) {
  (*table)["BipolarQuant"] = BipolarQuant;
  (*table)["IntQuant"] = Quant;
  (*table)[RuleName(kMicrosoftDomain, "MatMulNBits")] = MatMulNBits;
  (*table)["Quant"] = Quant;
  (*table)["Trunc"] = Trunc;
}

}  // namespace lowbit::onnx
