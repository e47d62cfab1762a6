#include "lowbit/format/c_source/expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "lowbit/core/integer_form.h"
#include "lowbit/core/ops_common/elementwise.h"
#include "lowbit/core/ops_common/integers.h"
#include "lowbit/core/ops_common/lookup.h"
#include "lowbit/core/ops_common/pool.h"
#include "lowbit/core/ops_common/slice_range.h"
#include "lowbit/core/validate.h"

namespace lowbit::c_source {
namespace {

// "a * factor + b" without what does nothing.
std::string MulAdd(const std::string& a, int64_t factor, const std::string& b) {
  const std::string product = a == "0" || factor == 0 ? "" : factor == 1 ? a : fmt::format("{} * {}", a, factor);
  if (product.empty()) return b;
  if (b == "0") return product;
  return fmt::format("{} + {}", product, b);
}

std::string Shifted(const std::string& coordinate, int64_t step, int64_t shift) {
  std::string text = MulAdd(coordinate, step, "0");
  if (shift > 0) text += fmt::format(" + {}", shift);
  if (shift < 0) text += fmt::format(" - {}", -shift);
  return text;
}

// Whether a tap may lie outside of the input.
bool Leaves(const ops::WindowAxis& axis) {
  return axis.pad_begin > 0 || axis.At(axis.output - 1, axis.kernel - 1) >= axis.input;
}

SumKind SumKindOf(const Product& product) {
  const ops::WindowAxis &y = product.window.y, &x = product.window.x;
  const bool pixel = y.kernel == 1 && x.kernel == 1, image = y.kernel == y.input && x.kernel == x.input;
  if (product.groups == 1 && (pixel || image) && !Leaves(y) && !Leaves(x) && y.dilation == 1 && x.dilation == 1) {
    return SumKind::kDot;
  }
  if (product.GroupChannels() == 1) return SumKind::kTaps;
  return product.groups == 1 && x.dilation == 1 ? SumKind::kRows : SumKind::kPixels;
}

std::vector<int64_t> ListOf(const Int64Tensor* tensor) {
  return tensor == nullptr ? std::vector<int64_t>() : tensor->data;
}

}  // namespace

std::string IndexOf(const Extents& extents, const Place& place, bool planes) {
  const auto in_brackets = [](const std::string& text) {
    return text.find(' ') == std::string::npos ? text : "(" + text + ")";
  };
  if (planes) {
    const std::string row = MulAdd(in_brackets(place.c), extents.height, place.y);
    return MulAdd(in_brackets(row), extents.width, place.x);
  }
  const std::string pixel = MulAdd(in_brackets(place.y), extents.width, place.x);
  return MulAdd(in_brackets(pixel), extents.channels, place.c);
}

Term Expression::Declare(const std::string& expression, bool integer) {
  const std::string name = Fresh(integer ? "n" : "f");
  body_.Line(fmt::format("const {} {} = {};", integer ? "int32_t" : "float", name, expression));
  return {name, integer};
}

Term Expression::Compute(const std::string& value, const Place& place) {
  const Node& node = *network_.Maker(value);
  if (std::find(nodes_.begin(), nodes_.end(), &node) == nodes_.end()) nodes_.push_back(&node);
  switch (*RoleOf(node.op)) {
    case Role::kElementwise:
      return IsQuantizer(node) ? Quantizer(node, place) : Elementwise(node, place);
    case Role::kProduct:
      return ProductSum(node, place);
    case Role::kPool:
      return Pool(node, place);
    case Role::kMean:
      return Mean(node, place);
    case Role::kReshape:
      return Reshaped(node, place);
    case Role::kSlice:
      return Sliced(node, place);
    case Role::kPad:
      return Padded(node, place);
    case Role::kConcat:
      return Value(node.inputs[part_.input], {Shifted(place.c, 1, -part_.first), place.y, place.x});
    case Role::kDepthToSpace:
      return Spread(node, place);
    case Role::kGather:
      return Gathered(node, place);
    case Role::kSoftmax:
      return SoftmaxOf(node, place);
  }
  return {};
}

Term Expression::Value(const std::string& value, const Place& place) {
  const std::string key = fmt::format("{}\n{}\n{}\n{}", value, place.c, place.y, place.x);
  for (const auto& block : known_) {
    if (const auto found = block.find(key); found != block.end()) return found->second;
  }
  const Term term = arrays_.count(value) != 0 ? Load(value, place) : Compute(value, place);
  known_.back()[key] = term;
  return term;
}

Term Expression::Load(const std::string& value, const Place& place) {
  loads_.insert(value);
  const std::string index = IndexOf(network_.ExtentsOf(value), place, value == network_.Input());
  return Declare(fmt::format("{}[{}]", arrays_.at(value), index), network_.RangeOf(value).has_value());
}

Term Expression::Constant(const std::string& name, const Shape& target, const Place& place) {
  const Parameter& parameter = network_.form().parameters.at(name);
  std::vector<float> numbers;
  if (const auto* floats = std::get_if<FloatTensor>(&parameter.value)) numbers = floats->data;
  if (const auto* low_bit = std::get_if<QTensor>(&parameter.value)) numbers = Dequantize(*low_bit).data;
  if (const auto* integers = std::get_if<Int64Tensor>(&parameter.value)) {
    numbers.assign(integers->data.begin(), integers->data.end());
  }
  if (std::all_of(numbers.begin(), numbers.end(), [&](float number) { return number == numbers[0]; })) {
    return {FloatLiteral(numbers[0]), false};
  }
  const std::vector<int64_t> strides = ops::BroadcastStrides(parameter.shape(), target);
  std::string index = MulAdd(place.c, strides[1], "0");
  if (target.size() == 4) index = MulAdd(place.y, strides[2], MulAdd(place.x, strides[3], index));
  return {fmt::format("{}[{}]", module_->Floats(numbers), index), false};
}

Term Expression::Operand(const Node& node, size_t input, const Place& place) {
  const std::string& value = node.inputs[input];
  if (network_.IsParameter(value)) return Constant(value, network_.ShapeOf(node.outputs[0]), place);
  const Extents extents = network_.ExtentsOf(value);
  return Value(value, {extents.channels == 1 ? "0" : place.c, extents.height == 1 ? "0" : place.y,
                       extents.width == 1 ? "0" : place.x});
}

Term Expression::ProductSum(const Node& node, const Place& place) {
  const Product product = ReadProduct(network_, node);
  const std::string& source = network_.ProductSource(node);
  loads_.insert(source);
  std::string image = arrays_.at(source);
  if (product.groups > 1) {
    const int64_t rows = product.out.channels / product.groups;
    const std::string group = rows == 1 ? place.c : fmt::format("({}) / {}", place.c, rows);
    image += fmt::format(" + ({}) * {}", group, product.GroupChannels());
  }
  const SumKind kind = SumKindOf(product);
  std::string sum = fmt::format("{}({}", module_->support().Sum(kind, product.input, product.weight), image);
  if (kind == SumKind::kDot) {
    const Place first = {"0", MulAdd(place.y, product.window.y.stride, "0"),
                         MulAdd(place.x, product.window.x.stride, "0")};
    const std::string index = IndexOf(product.in, first, false);
    sum += fmt::format("{}, {}, {})", index == "0" ? "" : " + " + index, WeightRow(product, place), product.row_size);
  } else {
    sum += fmt::format(", {}, &{}, {}, {})", WeightRow(product, place), module_->Window(product), place.y, place.x);
  }
  Term term = Declare(sum, product.integers);
  const Shape& target = network_.ShapeOf(node.outputs[0]);
  if (!product.scales.empty()) {
    const std::string scale = product.scales.size() == 1
                                  ? FloatLiteral(product.scales[0])
                                  : fmt::format("{}[{}]", module_->Floats(product.scales), place.c);
    term = Declare(fmt::format("{} * {}", term.text, scale), false);
  }
  if (!HasInput(node, 2)) return term;
  // A convolution's bias is one number for each channel, where a matrix product's broadcasts to its value.
  const Shape bias_target = node.op == "Conv" ? Shape{1, target[1]} : target;
  return Declare(fmt::format("{} + {}", AsFloat(term), Constant(node.inputs[2], bias_target, place).text), false);
}

std::string Expression::WeightRow(const Product& product, const Place& place) {
  const std::string channel = place.c.find(' ') == std::string::npos ? place.c : "(" + place.c + ")";
  const PackedRows packed = Pack(product);
  const std::string type = SuffixOf(product.weight);
  if (packed.code == PackedRows::Code::kPlain) {
    return fmt::format("{} + {} * {}", module_->Numbers(product.weight, product.weights), channel, product.row_size);
  }
  Row row{fmt::format("row_{}", rows_.size()), "", product.weight, product.row_size};
  const bool vectors = packed.code == PackedRows::Code::kVectors, wide = !packed.wide_codes.empty();
  const std::string codes =
      fmt::format("{} + {} * {}", wide ? module_->Codes(packed.wide_codes) : module_->Codes(packed.bytes), channel,
                  packed.row_bytes / (wide ? 2 : 1));
  const Element stored = packed.steps.empty() ? product.weight : Element::kI8;
  const std::string table = module_->Numbers(stored, packed.table);
  Support& support = module_->support();
  if (vectors) {
    const std::string steps = packed.steps.empty() ? "" : module_->Floats(packed.steps) + ", ";
    row.unpack = fmt::format(
        "{}({}, {}, {}, {}{}, {}, {});", support.UnpackVectors(wide, !packed.steps.empty(), product.weight), codes,
        table, packed.block, steps, row.name, row.count, product.window.y.kernel * product.window.x.kernel);
  } else if (packed.code == PackedRows::Code::kTrits) {
    row.unpack =
        fmt::format("{}({}, {}, {}, {});", support.UnpackTrits(product.weight), codes, table, row.name, row.count);
  } else {
    row.unpack = fmt::format("{}({}, {}, {}, {}, {});", support.UnpackBits(product.weight), codes, packed.bits, table,
                             row.name, row.count);
  }
  rows_.push_back(row);
  return row.name;
}

Place Expression::OpenWindow(const ops::Window& window, const Place& place) {
  int loops = 0;
  const auto open = [&](const ops::WindowAxis& axis, const std::string& coordinate) {
    if (axis.input == 1 && axis.kernel == 1) return std::string("0");
    const std::string tap = Fresh("k"), at = Fresh("p");
    body_.Open(fmt::format("for (int {0} = 0; {0} < {1}; ++{0})", tap, axis.kernel));
    const std::string moved = MulAdd(tap, axis.dilation, MulAdd(coordinate, axis.stride, "0"));
    body_.Line(fmt::format("const int {} = {};", at, Shifted(moved, 1, -axis.pad_begin)));
    if (Leaves(axis)) body_.Line(fmt::format("if ({0} < 0 || {0} >= {1}) continue;", at, axis.input));
    ++loops;
    return at;
  };
  const std::string y = open(window.y, place.y), x = open(window.x, place.x);
  known_.emplace_back();
  window_loops_.push_back(loops);
  return {place.c, y, x};
}

void Expression::CloseWindow() {
  known_.pop_back();
  for (int i = window_loops_.back(); i > 0; --i) body_.Close();
  window_loops_.pop_back();
}

const char* Expression::SumType(const std::string& value, int64_t count) const {
  const std::optional<Range> range = network_.RangeOf(value);
  if (!range.has_value()) return "double";
  const int64_t largest = std::max(-range->low, range->high);
  return largest <= std::numeric_limits<int32_t>::max() / count ? "int32_t" : "int64_t";
}

Term Expression::Pool(const Node& node, const Place& place) {
  const std::string& value = node.inputs[0];
  const ops::Window window = ops::ResolvePool(node, network_.ShapeOf(value)).value();
  const bool integer = network_.RangeOf(value).has_value();
  if (node.op == "MaxPool") {
    const std::string largest = Fresh(integer ? "n" : "f");
    body_.Line(integer ? fmt::format("int32_t {} = INT32_MIN;", largest)
                       : fmt::format("float {} = -INFINITY;", largest));
    const Term term = Value(value, OpenWindow(window, place));
    body_.Line(fmt::format("if ({0} < {1}) {0} = {1};", largest, term.text));
    CloseWindow();
    return {largest, integer};
  }
  const std::string sum = Fresh("s"), count = Fresh("m");
  const bool counts = (Leaves(window.y) || Leaves(window.x)) && IntAttribute(node, "count_include_pad", 0) == 0;
  body_.Line(fmt::format("{} {} = 0;", SumType(value, window.y.kernel * window.x.kernel), sum));
  if (counts) body_.Line(fmt::format("int {} = 0;", count));
  const Term term = Value(value, OpenWindow(window, place));
  body_.Line(fmt::format("{} += {};", sum, term.text));
  if (counts) body_.Line(fmt::format("++{};", count));
  CloseWindow();
  const std::string divisor = counts ? count : std::to_string(window.y.kernel * window.x.kernel);
  return Declare(fmt::format("(float)((double){} / (double){})", sum, divisor), false);
}

Term Expression::Mean(const Node& node, const Place& place) {
  const Extents in = network_.ExtentsOf(node.inputs[0]);
  ops::Window window;
  window.y.input = window.y.kernel = in.height;
  window.x.input = window.x.kernel = in.width;
  const std::string sum = Fresh("s");
  body_.Line(fmt::format("{} {} = 0;", SumType(node.inputs[0], in.Pixels()), sum));
  const Term term = Value(node.inputs[0], OpenWindow(window, {place.c, "0", "0"}));
  body_.Line(fmt::format("{} += {};", sum, term.text));
  CloseWindow();
  return Declare(fmt::format("(float)((double){} / {}.0)", sum, in.Pixels()), false);
}

Term Expression::Reshaped(const Node& node, const Place& place) {
  const Extents in = network_.ExtentsOf(node.inputs[0]), out = network_.ExtentsOf(node.outputs[0]);
  if (in == out) return Value(node.inputs[0], place);
  const std::string flat = Fresh("p");
  body_.Line(fmt::format("const int {} = {};", flat, IndexOf(out, place, true)));
  if (in.Pixels() == 1) return Value(node.inputs[0], {flat, "0", "0"});
  const std::string c = Fresh("p"), y = Fresh("p"), x = Fresh("p");
  body_.Line(fmt::format("const int {} = {} / {}, {} = {} / {} % {}, {} = {} % {};", c, flat, in.Pixels(), y, flat,
                         in.width, in.height, x, flat, in.width));
  return Value(node.inputs[0], {c, y, x});
}

Term Expression::Sliced(const Node& node, const Place& place) {
  const auto list = [&](size_t input) {
    return HasInput(node, input) ? ListOf(network_.Integers(node.inputs[input])) : std::vector<int64_t>();
  };
  const Shape& shape = network_.ShapeOf(node.inputs[0]);
  const std::vector<int64_t> starts = list(1), ends = list(2), axes = list(3), steps = list(4);
  std::string coordinates[] = {"0", place.c, place.y, place.x};
  for (size_t i = 0; i < starts.size(); ++i) {
    const int64_t named = axes.empty() ? static_cast<int64_t>(i) : axes[i];
    const auto axis = static_cast<size_t>(named < 0 ? named + static_cast<int64_t>(shape.size()) : named);
    const int64_t step = steps.empty() ? 1 : steps[i];
    const auto limited = [](int64_t bound) { return std::clamp(bound, -ops::kIntegerLimit, ops::kIntegerLimit); };
    const ops::SliceRange range = ops::RangeOfSlice(limited(starts[i]), limited(ends[i]), limited(step), shape[axis]);
    const std::string at = Fresh("p");
    body_.Line(
        fmt::format("const int {} = {};", at,
                    range.count == 1 ? std::to_string(range.start) : Shifted(coordinates[axis], step, range.start)));
    coordinates[axis] = at;
  }
  return Value(node.inputs[0], {coordinates[1], coordinates[2], coordinates[3]});
}

Term Expression::Padded(const Node& node, const Place& place) {
  const std::vector<int64_t> pads = ListOf(network_.Integers(node.inputs[1]));
  const Shape& shape = network_.ShapeOf(node.inputs[0]);
  const bool integer = network_.RangeOf(node.outputs[0]).has_value();
  const float fill = HasInput(node, 2) ? network_.Floats(node.inputs[2])->data[0] : 0;
  std::string coordinates[] = {"0", place.c, place.y, place.x}, inside;
  for (size_t axis = 1; axis < shape.size(); ++axis) {
    const int64_t begin = pads[axis], end = pads[shape.size() + axis];
    if (begin == 0 && end == 0) continue;
    const std::string at = Fresh("p");
    body_.Line(fmt::format("const int {} = {};", at, Shifted(coordinates[axis], 1, -begin)));
    coordinates[axis] = at;
    if (begin > 0) inside += fmt::format("{}{} >= 0", inside.empty() ? "" : " && ", at);
    if (end > 0) inside += fmt::format("{}{} < {}", inside.empty() ? "" : " && ", at, shape[axis]);
  }
  const Place from = {coordinates[1], coordinates[2], coordinates[3]};
  if (inside.empty()) return Value(node.inputs[0], from);
  const std::string name = Fresh(integer ? "n" : "f");
  body_.Line(integer ? fmt::format("int32_t {} = {};", name, static_cast<int64_t>(fill))
                     : fmt::format("float {} = {};", name, FloatLiteral(fill)));
  body_.Open(fmt::format("if ({})", inside));
  known_.emplace_back();
  const Term term = Value(node.inputs[0], from);
  body_.Line(fmt::format("{} = {};", name, integer ? term.text : AsFloat(term)));
  known_.pop_back();
  body_.Close();
  return {name, integer};
}

Term Expression::Gathered(const Node& node, const Place& place) {
  const int64_t channels = network_.ExtentsOf(node.inputs[0]).channels;
  std::vector<float> order;
  for (const float index : network_.Floats(node.inputs[1])->data) {
    order.push_back(static_cast<float>(ops::PositionOf(index, channels)));
  }
  const std::string at = Fresh("p");
  body_.Line(fmt::format("const int {} = {}[{}];", at, module_->Numbers(Element::kI32, order), place.c));
  return Value(node.inputs[0], {at, place.y, place.x});
}

// The largest and the sum are found before the first element.
Term Expression::SoftmaxOf(const Node& node, const Place& place) {
  const std::string largest = Fresh("d"), sum = Fresh("d"), array = arrays_.at(node.inputs[0]);
  const int64_t count = network_.ExtentsOf(node.inputs[0]).channels;
  prologue_.Line(fmt::format("double {} = (double){}[0], {} = 0;", largest, array, sum));
  prologue_.Open(fmt::format("for (int i = 1; i < {}; ++i)", count));
  prologue_.Line(fmt::format("if ({0} < (double){1}[i]) {0} = (double){1}[i];", largest, array));
  prologue_.Close();
  prologue_.Line(
      fmt::format("for (int i = 0; i < {}; ++i) {} += exp((double){}[i] - {});", count, sum, array, largest));
  const Term x = Value(node.inputs[0], place);
  return Declare(fmt::format("(float)(exp((double){} - {}) / {})", x.text, largest, sum), false);
}

Term Expression::Spread(const Node& node, const Place& place) {
  const int64_t block = IntAttribute(node, "blocksize", 1), channels = network_.ExtentsOf(node.outputs[0]).channels;
  const bool inner = StringAttribute(node, "mode", "DCR") == "CRD";
  const std::string pixel = fmt::format("({} % {} * {} + {} % {})", place.y, block, block, place.x, block);
  const std::string channel = inner ? fmt::format("({}) * {} + {}", place.c, block * block, pixel)
                                    : fmt::format("{} * {} + {}", pixel, channels, place.c);
  const std::string c = Fresh("p"), y = Fresh("p"), x = Fresh("p");
  body_.Line(
      fmt::format("const int {} = {}, {} = {} / {}, {} = {} / {};", c, channel, y, place.y, block, x, place.x, block));
  return Value(node.inputs[0], {c, y, x});
}

}  // namespace lowbit::c_source
