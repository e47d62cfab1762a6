#include "lowbit/format/onnx/builder.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "lowbit/core/structure.h"
#include "lowbit/format/onnx/batch.h"
#include "lowbit/format/onnx/low_bit.h"
#include "lowbit/format/onnx/types.h"

namespace lowbit::onnx {
namespace {

// What is computed while a file is read: so many numbers and a few for each weight, so that no small file takes the
// machine down; and so many multiply-accumulates in one operator.
constexpr int64_t kFreeNumbers = int64_t{1} << 24, kNumbersForEachWeight = 16;
constexpr int64_t kMaxMacs = int64_t{1} << 26;

bool IsIntegerInput(const Operator& op, size_t i) {
  return std::count(op.integer_inputs.begin(), op.integer_inputs.end(), i) > 0;
}

// Most operators give the type of their first input.
ElementType ResultType(const Node& node, size_t output, const std::vector<Value>& inputs) {
  if (const std::optional<ElementType> given = GivenType(node.op, output)) return *given;
  if (node.op == "Cast") return ElementTypeOf(IntAttribute(node, "to", 1)).value_or(ElementType::kFloat32);
  return inputs[node.op == "Where" ? 1 : 0].type;
}

// Whether the operator can leave the integers, or the range of narrow types.
bool LeavesType(const std::string& op, ElementType type) {
  static const std::set<std::string> leave_integers = {"Div", "Mean", "Mod", "Pow", "ReduceMean"};
  static const std::set<std::string> leave_range = {"Abs", "Add", "Mul", "Neg", "Sub", "Sum"};
  if (!IsInteger(type)) return false;
  return leave_integers.count(op) != 0 || (leave_range.count(op) != 0 && type != ElementType::kInt64);
}

// One size's view of the inputs, and the tensors that it points at.
struct Views {
  std::vector<InputView> inputs;
  std::vector<FloatTensor> floats;
  std::vector<Int64Tensor> integers;
};

void FillView(const Operator& op, size_t i, const Value& value, size_t size, Views* views) {
  InputView& view = views->inputs[i];
  view.present = value.present;
  view.shape = value.shapes[size];
  if (!value.known()) return;
  const Constant& constant = *value.constants[size];
  if (IsIntegerInput(op, i)) {
    const auto* integers = std::get_if<Int64Tensor>(&constant.value);
    views->integers[i] = integers != nullptr ? *integers : Int64Tensor();
    view.integers = &views->integers[i];
  } else if (const auto* floats = std::get_if<FloatTensor>(&constant.value)) {
    view.floats = floats;
  } else {
    views->floats[i] = ToFloats(constant);
    view.floats = &views->floats[i];
  }
}

Views ViewInputs(const Operator& op, const std::vector<Value>& inputs, size_t size) {
  Views views;
  views.inputs.resize(inputs.size());
  views.floats.resize(inputs.size());
  views.integers.resize(inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) FillView(op, i, inputs[i], size, &views);
  return views;
}

Status CheckIntegerInputs(const Operator& op, const std::vector<Value>& inputs) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].present || !IsIntegerInput(op, i)) continue;
    if (!inputs[i].known()) {
      return Invalid("input " + std::to_string(i) +
                     " must be known when the file is read, and is computed by the network");
    }
    if (!IsInteger(inputs[i].type)) return Invalid("input " + std::to_string(i) + " must be of an integer type");
  }
  return Ok();
}

bool AllKnown(const std::vector<Value>& inputs) {
  return std::all_of(inputs.begin(), inputs.end(), [](const Value& v) { return !v.present || v.known(); });
}

// Operators of core need not bear tensors without elements, but shapes are computed of them.
Status CheckNotEmpty(const Operator& op, const std::vector<Value>& inputs) {
  static const std::set<std::string> bear = {"Cast", "Concat", "Gather", "Slice", "Squeeze", "Unsqueeze"};
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].present || IsIntegerInput(op, i) || (AllKnown(inputs) && bear.count(op.name) != 0)) continue;
    for (const Shape& shape : inputs[i].shapes) {
      if (Elements(shape) == 0) return Invalid("input " + std::to_string(i) + " is empty: " + ToString(shape));
    }
  }
  return Ok();
}

Result<std::vector<Shape>> InferFor(const Operator& op, const Node& node, const std::vector<Value>& inputs,
                                    size_t size) {
  LOWBIT_TRY(std::vector<Shape> shapes, op.infer(node, ViewInputs(op, inputs, size).inputs));
  for (const Shape& shape : shapes) {
    LOWBIT_TRY(const int64_t elements, CheckedElements(shape));
    if (elements == 0 && !inputs[0].known()) return Invalid("an output would be empty: " + ToString(shape));
  }
  return shapes;
}

int64_t MacsOf(const Operator& op, const Node& node, const std::vector<Value>& inputs, const Shape& output) {
  if (op.macs == nullptr) return 0;
  std::vector<Shape> shapes;
  shapes.reserve(inputs.size());
  for (const Value& input : inputs) shapes.push_back(input.shape());
  int64_t macs = 1;
  for (const int64_t factor : op.macs(node, shapes, output)) {
    if (macs > kMaxMacs / std::max<int64_t>(1, factor)) return kMaxMacs + 1;
    macs *= factor;
  }
  return macs;
}

bool AnyDependsOnBatch(const std::vector<Value>& inputs) {
  return std::any_of(inputs.begin(), inputs.end(), [](const Value& v) { return v.depends_on_batch(); });
}

// Operators in which an infinite constant hides values or bounds nothing, as the largest float does.
bool Masks(const std::string& op) {
  static const std::set<std::string> mask = {"Add", "Clip", "Max", "Min", "Pad", "Sub", "Sum", "Where"};
  return mask.count(op) != 0;
}

// Whether input i is weights, a row for each output channel.
bool TakesRows(const Node& node, size_t i) {
  return i == 1 && (node.op == "Conv" || (node.op == "Gemm" && IntAttribute(node, "transB", 0) != 0));
}

// Operators that only choose and rearrange elements: integers on one grid come out on it.
bool KeepsGrid(const std::string& op, const std::vector<Value>& inputs) {
  static const std::set<std::string> choose = {"Concat", "Flatten", "Gather",  "Identity",  "MaxPool",  "Reshape",
                                               "Slice",  "Split",   "Squeeze", "Transpose", "Unsqueeze"};
  if (inputs.empty() || !inputs[0].grid.has_value() || choose.count(op) == 0) return false;
  return std::all_of(inputs.begin() + 1, inputs.end(),
                     [&](const Value& v) { return op == "Concat" ? v.grid == inputs[0].grid : !v.grid.has_value(); });
}

}  // namespace

std::string Names::Take(const std::string& wish, bool own) {
  std::string name = wish;
  while (taken_.count(name) != 0 || (!own && reserved_.count(name) != 0)) {
    name = wish + "_" + std::to_string(++last_[wish]);
  }
  taken_.insert(name);
  return name;
}

Value Builder::AddInput(const std::string& name, ElementType type, const Shape& shape) {
  graph_.inputs.push_back({values_.Take(name, true), shape});
  Value value;
  value.present = true;
  value.name = name;
  value.type = type;
  for (size_t size = 0; size < kSizes; ++size) {
    value.shapes[size] = shape;
    if (!shape.empty() && shape[0] == kDynamic) value.shapes[size][0] = kBatches[size];
  }
  return value;
}

Value Builder::Known(ConstantPtr constant, std::string name) {
  Value value;
  value.present = true;
  value.name = std::move(name);
  value.type = constant->type;
  value.shapes = {constant->shape(), constant->shape()};
  value.constants = {constant, constant};
  return value;
}

Value Builder::KnownForEach(const std::array<ConstantPtr, kSizes>& constants) {
  Value value;
  value.present = true;
  value.type = constants[0]->type;
  value.constants = constants;
  if (SameValues(*constants[0], *constants[1])) value.constants[1] = constants[0];
  for (size_t size = 0; size < kSizes; ++size) value.shapes[size] = constants[size]->shape();
  return value;
}

Result<std::vector<Value>> Builder::Fold(const Operator& op, const Node& node, const std::vector<Value>& inputs) {
  const size_t sizes = AnyDependsOnBatch(inputs) ? kSizes : 1;
  std::vector<std::array<ConstantPtr, kSizes>> results(node.outputs.size());
  for (size_t size = 0; size < sizes; ++size) {
    LOWBIT_TRY(const std::vector<Shape> shapes, InferFor(op, node, inputs, size));
    const int64_t allowed = kFreeNumbers + kNumbersForEachWeight * weights_;
    for (const Shape& shape : shapes) numbers_ += std::min(Elements(shape), allowed + 1);
    if (numbers_ > allowed || MacsOf(op, node, inputs, shapes[0]) > kMaxMacs) {
      return Invalid("computes too much from constants alone");
    }
    std::vector<DoubleTensor> values(inputs.size());
    std::vector<const DoubleTensor*> pointers(inputs.size(), nullptr);
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (!inputs[i].present) continue;
      values[i] = Widen(*inputs[i].constants[size]);
      pointers[i] = &values[i];
    }
    const std::vector<DoubleTensor> outputs = op.evaluate(node, pointers);
    for (size_t i = 0; i < results.size(); ++i) {
      results[i][size] = Narrow(ResultType(node, i, inputs), outputs[i]);
      if (sizes == 1) results[i][1] = results[i][0];
    }
  }
  std::vector<Value> values;
  values.reserve(results.size());
  for (const auto& constants : results) values.push_back(KnownForEach(constants));
  return values;
}

ConstantPtr Builder::Bounded(const ConstantPtr& constant) {
  const auto* floats = std::get_if<FloatTensor>(&constant->value);
  const auto infinite = [](float v) { return std::isinf(v); };
  if (floats == nullptr || std::none_of(floats->data.begin(), floats->data.end(), infinite)) return constant;
  ConstantPtr& bounded = bounded_[constant];
  if (bounded != nullptr) return bounded;
  FloatTensor finite = *floats;
  for (float& v : finite.data) {
    if (std::isinf(v)) v = std::copysign(std::numeric_limits<float>::max(), v);
  }
  bounded = std::make_shared<Constant>(Constant{constant->type, std::move(finite)});
  return bounded;
}

std::string Builder::AddParameter(const Value& value, const ConstantPtr& constant, Form form) {
  const auto [entry, is_new] = parameters_.try_emplace({constant, form});
  if (!is_new) return entry->second;
  const bool own = !value.name.empty() && outputs_.count(value.name) == 0;
  entry->second = values_.Take(own ? value.name : node_name_ + "/constant", own);
  Parameter& parameter = graph_.parameters[entry->second];
  if (form == Form::kIntegers) parameter.value = std::get<Int64Tensor>(constant->value);
  if (form == Form::kFloats) parameter.value = ToFloats(*constant);
  if (form == Form::kLowBit) parameter.value = RowsOf(*constant, false);
  return entry->second;
}

Result<std::string> Builder::Use(const Operator& op, size_t i, const Node& node, const std::vector<Value>& inputs) {
  const Value& value = inputs[i];
  if (!value.present) return std::string();
  if (!value.known()) return value.name;
  ConstantPtr constant = value.constants[0];
  if (value.depends_on_batch()) {
    LOWBIT_TRY(constant, ForEveryBatch(node.op, inputs, i));
  }
  if (IsIntegerInput(op, i)) return AddParameter(value, constant, Form::kIntegers);
  if (Masks(op.name)) constant = Bounded(constant);
  return AddParameter(value, constant, TakesRows(node, i) && HasRows(*constant, false) ? Form::kLowBit : Form::kFloats);
}

Result<std::vector<Value>> Builder::AddNode(const Operator& op, Node node, const std::vector<Value>& inputs) {
  std::vector<Value> outputs(node.outputs.size());
  for (size_t size = 0; size < kSizes; ++size) {
    LOWBIT_TRY(const std::vector<Shape> shapes, InferFor(op, node, inputs, size));
    for (size_t i = 0; i < outputs.size(); ++i) outputs[i].shapes[size] = shapes[i];
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    LOWBIT_TRY(node.inputs[i], Use(op, i, node, inputs));
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    outputs[i].present = true;
    outputs[i].type = ResultType(node, i, inputs);
    outputs[i].name = node.outputs[i] = values_.Take(node_name_ + "/" + node.op, false);
    generated_.insert(outputs[i].name);
  }
  node.name = nodes_.Take(node_name_, true);
  graph_.nodes.push_back(std::move(node));
  return outputs;
}

Result<std::vector<Value>> Builder::KeepTypes(const Node& node, std::vector<Value> outputs) {
  for (Value& output : outputs) {
    if (!LeavesType(node.op, output.type)) continue;
    LOWBIT_TRY(output, Apply1("Cast", {output}, {{"to", static_cast<int64_t>(output.type)}}));
  }
  return outputs;
}

Result<std::vector<Value>> Builder::Apply(const std::string& name, const std::vector<Value>& given,
                                          Attributes attributes, size_t outputs) {
  const Operator* op = FindOperator(name);
  LOWBIT_CHECK(op != nullptr);
  std::vector<Value> inputs = given;
  while (!inputs.empty() && !inputs.back().present) inputs.pop_back();
  const bool keeps_grid = KeepsGrid(name, inputs);
  for (Value& input : inputs) {
    if (keeps_grid) break;
    LOWBIT_TRY(input, Plain(input));
  }
  Node node;
  node.op = name;
  node.attributes = std::move(attributes);
  for (const Value& input : inputs) node.inputs.emplace_back(input.present ? "?" : "");
  node.outputs.resize(outputs);
  LOWBIT_RETURN_IF_ERROR(CheckForm(node, *op));
  LOWBIT_RETURN_IF_ERROR(CheckIntegerInputs(*op, inputs));
  LOWBIT_RETURN_IF_ERROR(CheckNotEmpty(*op, inputs));
  if (AllKnown(inputs)) {
    LOWBIT_TRY(std::vector<Value> known, Fold(*op, node, inputs));
    return KeepTypes(node, std::move(known));
  }
  LOWBIT_TRY(std::vector<Value> computed, AddNode(*op, node, inputs));
  for (Value& output : computed) {
    if (keeps_grid && output.type == inputs[0].type) output.grid = inputs[0].grid;
  }
  return KeepTypes(node, std::move(computed));
}

Result<Value> Builder::Apply1(const std::string& op, const std::vector<Value>& inputs, Attributes attributes) {
  LOWBIT_TRY(std::vector<Value> outputs, Apply(op, inputs, std::move(attributes)));
  return std::move(outputs[0]);
}

ConstantPtr Builder::Turn(const ConstantPtr& matrix) {
  ConstantPtr& turned = turned_[matrix];
  if (turned != nullptr) return turned;
  const FloatTensor floats = ToFloats(*matrix);
  const int64_t rows = floats.shape[0], columns = floats.shape[1];
  FloatTensor result({columns, rows});
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = 0; column < columns; ++column) {
      result.data[static_cast<size_t>(column * rows + row)] = floats.data[static_cast<size_t>(row * columns + column)];
    }
  }
  turned = std::make_shared<Constant>(Constant{matrix->type, std::move(result)});
  return turned;
}

Result<Value> Builder::Plain(const Value& value) {
  if (!value.grid.has_value()) return value;
  Value real = value;
  real.grid.reset();
  real.type = ElementType::kFloat32;
  LOWBIT_TRY(const Value quotient, Apply1("Div", {real, Known(MakeScalar(value.grid->scale))}));
  LOWBIT_TRY(Value integers, Apply1("Round", {quotient}));
  if (value.grid->zero_point != 0) {
    LOWBIT_TRY(integers, Apply1("Add", {integers, Known(MakeScalar(value.grid->zero_point))}));
  }
  integers.type = value.type;
  return integers;
}

void Builder::Rename(Value* value, const std::string& name) {
  if (value->known()) {
    if (value->name.empty()) value->name = name;
    return;
  }
  if (generated_.erase(value->name) == 0) return;
  const std::string taken = values_.Take(name, true);
  // It was computed, and read, since the file's node began.
  for (auto node = graph_.nodes.rbegin(); node != graph_.nodes.rend(); ++node) {
    std::replace(node->inputs.begin(), node->inputs.end(), value->name, taken);
    const auto output = std::find(node->outputs.begin(), node->outputs.end(), value->name);
    if (output == node->outputs.end()) continue;
    *output = taken;
    break;
  }
  value->name = taken;
}

Result<Value> Builder::AddNamed(const Value& value, const std::string& name) {
  const Operator& identity = *FindOperator("Identity");
  Node node;
  node.op = identity.name;
  node.inputs = {"?"};
  node.outputs.resize(1);
  LOWBIT_TRY(std::vector<Value> outputs, AddNode(identity, std::move(node), {value}));
  Rename(&outputs[0], name);
  return std::move(outputs[0]);
}

}  // namespace lowbit::onnx
