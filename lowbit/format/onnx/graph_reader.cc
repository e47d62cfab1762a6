#include "lowbit/format/onnx/graph_reader.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "lowbit/base/error_in.h"
#include "lowbit/base/suggest.h"
#include "lowbit/core/structure.h"
#include "lowbit/format/onnx/onnx.pb.h"
#include "lowbit/format/onnx/rules.h"
#include "lowbit/format/onnx/support.h"

namespace lowbit::onnx {
namespace {

// Deeper than any exporter goes.
constexpr int kMaxDepth = 16;

// One file on its way into a Graph.
class Reader {
 public:
  Reader(const lowbit_onnx::Graph& graph, int64_t opset, const std::string& folder, const ReadOptions& options)
      : graph_(graph), opset_(opset), folder_(folder), options_(options), builder_(graph.name()) {}

  Result<Graph> Run() {
    LOWBIT_RETURN_IF_ERROR(CheckSupport(graph_));
    LOWBIT_RETURN_IF_ERROR(CheckOptions());
    for (const lowbit_onnx::ValueInfo& output : graph_.output()) {
      builder_.ReserveOutput(output.name());
      outputs_.insert(output.name());
    }
    LOWBIT_RETURN_IF_ERROR(ReserveNames(graph_));
    LOWBIT_RETURN_IF_ERROR(ReadInitializers(graph_));
    LOWBIT_RETURN_IF_ERROR(ReadInputs());
    LOWBIT_RETURN_IF_ERROR(ReadNodes(graph_));
    LOWBIT_RETURN_IF_ERROR(NameOutputs());
    return builder_.Take();
  }

 private:
  Status CheckOptions() const;
  Status ReserveNames(const lowbit_onnx::Graph& graph);
  Status ReadInitializers(const lowbit_onnx::Graph& graph);
  Status ReadInputs();
  Result<Shape> ShapeOf(const lowbit_onnx::ValueInfo& input) const;
  Status ReadNodes(const lowbit_onnx::Graph& graph);
  Status ReadNode(const lowbit_onnx::Node& node, const std::string& name);
  Result<std::vector<Value>> Compute(const lowbit_onnx::Node& node, size_t outputs);
  Result<std::vector<Value>> Choose(const lowbit_onnx::Node& node);
  Result<std::vector<Value>> ReadBranch(const lowbit_onnx::Graph& branch);
  Status ReadAttribute(const lowbit_onnx::Attribute& attribute, Call* call) const;
  Result<Value> Find(const std::string& name) const;
  Status NameOutputs();

  const lowbit_onnx::Graph& graph_;
  int64_t opset_;
  const std::string& folder_;
  const ReadOptions& options_;
  Builder builder_;
  std::map<std::string, Value> values_;
  std::set<std::string> inputs_;   // Of the Graph.
  std::set<std::string> outputs_;  // Of the file.
  int depth_ = 0;                  // Of graphs inside of nodes.
};

Status Reader::CheckOptions() const {
  std::vector<std::string> known;
  for (const lowbit_onnx::ValueInfo& input : graph_.input()) known.push_back(input.name());
  const auto check = [&](const std::string& name) -> Status {
    if (std::find(known.begin(), known.end(), name) != known.end()) return Ok();
    return Invalid(UnknownName("input", name, known));
  };
  for (const auto& [name, shape] : options_.shapes) LOWBIT_RETURN_IF_ERROR(check(name));
  for (const auto& [name, value] : options_.constants) LOWBIT_RETURN_IF_ERROR(check(name));
  for (const auto& [name, numbers] : options_.values) LOWBIT_RETURN_IF_ERROR(check(name));
  return Ok();
}

// Also sees that every value is made once.
Status Reader::ReserveNames(const lowbit_onnx::Graph& graph) {
  std::set<std::string> made;
  const auto add = [&](const std::string& name) -> Status {
    if (!made.insert(name).second) return Invalid("value '" + name + "' is made twice");
    builder_.ReserveName(name);
    return Ok();
  };
  for (const lowbit_onnx::ValueInfo& input : graph.input()) LOWBIT_RETURN_IF_ERROR(add(input.name()));
  for (const lowbit_onnx::Node& node : graph.node()) {
    for (const std::string& output : node.output()) {
      if (!output.empty()) LOWBIT_RETURN_IF_ERROR(add(output));
    }
  }
  return Ok();
}

Status Reader::ReadInitializers(const lowbit_onnx::Graph& graph) {
  if (graph.sparse_initializer_size() > 0) return Invalid("has sparse initializers, which are not supported");
  for (const lowbit_onnx::Tensor& tensor : graph.initializer()) {
    Result<ConstantPtr> constant = ReadConstant(tensor, folder_);
    if (!constant.ok()) {
      return Error{constant.error().kind, "initializer '" + tensor.name() + "': " + constant.error().message};
    }
    builder_.CountWeights(Elements(constant.value()->shape()));
    values_[tensor.name()] = Builder::Known(std::move(constant).value(), tensor.name());
  }
  return Ok();
}

Result<Shape> Reader::ShapeOf(const lowbit_onnx::ValueInfo& input) const {
  const auto given = options_.shapes.find(input.name());
  if (given != options_.shapes.end()) return given->second;
  const lowbit_onnx::TensorType& type = input.type().tensor_type();
  if (!type.has_shape()) return Invalid("has no shape; give it one");
  Shape shape;
  for (const lowbit_onnx::Dimension& dimension : type.shape().dim()) {
    const bool open = dimension.value_case() != lowbit_onnx::Dimension::kDimValue || dimension.dim_value() < 0;
    if (open && !shape.empty()) {
      const std::string symbol = dimension.dim_param().empty() ? "" : " ('" + dimension.dim_param() + "')";
      return Invalid("leaves dimension " + std::to_string(shape.size()) + symbol + " open; give it a shape");
    }
    shape.push_back(open ? kDynamic : dimension.dim_value());
    if (shape.back() == 0) return Invalid("has a dimension of extent 0");
  }
  return shape;
}

// A list, where the file leaves the shape open.
Result<DoubleTensor> InShape(const std::vector<double>& numbers, const Result<Shape>& shape) {
  const auto count = static_cast<int64_t>(numbers.size());
  if (!shape.ok() || std::count(shape.value().begin(), shape.value().end(), kDynamic) > 0) {
    return DoubleTensor{{count}, numbers};
  }
  LOWBIT_TRY(const int64_t elements, CheckedElements(shape.value()));
  if (elements == count) return DoubleTensor{shape.value(), numbers};
  return Invalid("has shape " + ToString(shape.value()) + "; given are " + std::to_string(count) + " numbers");
}

Status Reader::ReadInputs() {
  for (const lowbit_onnx::ValueInfo& input : graph_.input()) {
    const std::string prefix = "input '" + input.name() + "': ";
    if (values_.count(input.name()) != 0) continue;  // Older IR versions list initializers among the inputs.
    const std::optional<ElementType> type = ElementTypeOf(input.type().tensor_type().elem_type());
    if (!type.has_value()) return Invalid(prefix + "is no tensor of numbers");
    const auto constant = options_.constants.find(input.name());
    if (constant != options_.constants.end()) {
      values_[input.name()] = Builder::Known(Narrow(*type, constant->second), input.name());
      continue;
    }
    const Result<Shape> shape = ShapeOf(input);
    const auto numbers = options_.values.find(input.name());
    if (numbers != options_.values.end()) {
      const Result<DoubleTensor> value = InShape(numbers->second, shape);
      if (!value.ok()) return Invalid(prefix + value.error().message);
      values_[input.name()] = Builder::Known(Narrow(*type, value.value()), input.name());
      continue;
    }
    if (!shape.ok()) return Invalid(prefix + shape.error().message);
    Shape checked = shape.value();
    if (!checked.empty() && checked[0] == kDynamic) checked[0] = kBatches.back();
    const Result<int64_t> elements = CheckedElements(checked);
    if (!elements.ok()) return Invalid(prefix + elements.error().message);
    if (elements.value() == 0) return Invalid(prefix + "has no elements");
    inputs_.insert(input.name());
    values_[input.name()] = builder_.AddInput(input.name(), *type, shape.value());
  }
  return Ok();
}

// Exactly one of the fields is set; old files do not say which.
Status Reader::ReadAttribute(const lowbit_onnx::Attribute& attribute, Call* call) const {
  const std::string& name = attribute.name();
  enum { kFloat = 1, kInt = 2, kString = 3, kTensor = 4, kFloats = 6, kInts = 7, kStrings = 8 };
  const int type = attribute.type();
  if (type == kTensor || attribute.has_t()) {
    Result<ConstantPtr> constant = ReadConstant(attribute.t(), folder_);
    if (!constant.ok()) return Invalid("attribute '" + name + "': " + constant.error().message);
    call->tensors[name] = std::move(constant).value();
  } else if (type == kFloat || attribute.has_f()) {
    call->attributes[name] = static_cast<double>(attribute.f());
  } else if (type == kInt || attribute.has_i()) {
    call->attributes[name] = int64_t{attribute.i()};
  } else if (type == kString || attribute.has_s()) {
    call->attributes[name] = attribute.s();
  } else if (type == kFloats || attribute.floats_size() > 0) {
    call->attributes[name] = std::vector<double>(attribute.floats().begin(), attribute.floats().end());
  } else if (type == kInts || attribute.ints_size() > 0) {
    call->attributes[name] = std::vector<int64_t>(attribute.ints().begin(), attribute.ints().end());
  } else if (type == kStrings || attribute.strings_size() > 0) {
    call->attributes[name] = Join({attribute.strings().begin(), attribute.strings().end()}, ",");
  } else {
    return Invalid("attribute '" + name + "' is of a type that is not read");
  }
  return Ok();
}

Result<Value> Reader::Find(const std::string& name) const {
  if (name.empty()) return Value();
  const auto found = values_.find(name);
  if (found != values_.end()) return found->second;
  return Invalid("input '" + name + "' is not there, or made only by a later node");
}

Status Reader::ReadNodes(const lowbit_onnx::Graph& graph) {
  for (int i = 0; i < graph.node_size(); ++i) {
    const std::string name = NameOf(graph.node(i), i);
    const Status status = ReadNode(graph.node(i), name);
    if (status.ok()) continue;
    return Error{status.error().kind,
                 "node '" + name + "' (" + graph.node(i).op_type() + "): " + status.error().message};
  }
  return Ok();
}

Status Reader::ReadNode(const lowbit_onnx::Node& node, const std::string& name) {
  // Outputs that nobody asks for are left out at the end, and given a name inside.
  int outputs = node.output_size();
  while (outputs > 0 && node.output(outputs - 1).empty()) --outputs;
  if (outputs == 0) return Invalid("has no output");
  builder_.BeginNode(name);
  LOWBIT_TRY(std::vector<Value> values,
             IsControl(node.op_type()) ? Choose(node) : Compute(node, static_cast<size_t>(outputs)));
  for (int i = 0; i < outputs; ++i) {
    const std::string& output = node.output(i);
    if (output.empty()) continue;
    if (static_cast<size_t>(i) >= values.size()) {
      return Invalid("its output " + std::to_string(i) + " is not supported");
    }
    Value& value = values[static_cast<size_t>(i)];
    if (outputs_.count(output) != 0) {
      LOWBIT_TRY(value, builder_.Plain(value));
    }
    builder_.Rename(&value, output);
    values_[output] = value;
  }
  return Ok();
}

Result<std::vector<Value>> Reader::Compute(const lowbit_onnx::Node& node, size_t outputs) {
  Call call;
  call.op = node.op_type();
  call.opset = opset_;
  call.outputs = outputs;
  for (const std::string& input : node.input()) {
    LOWBIT_TRY(Value value, Find(input));
    call.inputs.push_back(std::move(value));
  }
  for (const lowbit_onnx::Attribute& attribute : node.attribute()) {
    LOWBIT_RETURN_IF_ERROR(ReadAttribute(attribute, &call));
  }
  const auto rule = Rules().find(RuleName(node.domain(), call.op));
  return rule == Rules().end() ? ApplyAsIs(call, &builder_) : rule->second(std::move(call), &builder_);
}

// An If whose condition is known is the branch that it takes.
Result<std::vector<Value>> Reader::Choose(const lowbit_onnx::Node& node) {
  if (node.input_size() != 1) return Invalid("has " + std::to_string(node.input_size()) + " inputs; expected 1");
  LOWBIT_TRY(const Value condition, Find(node.input(0)));
  if (!condition.known() || condition.depends_on_batch() || Elements(condition.shape()) != 1) {
    return Invalid(
        "its condition '" + node.input(0) +
        "' must be one value that is known when the file is read; an input that decides it can be given one");
  }
  const std::string name = Widen(*condition.constants[0]).data[0] != 0 ? "then_branch" : "else_branch";
  const auto& attributes = node.attribute();
  const auto found =
      std::find_if(attributes.begin(), attributes.end(), [&](const auto& a) { return a.name() == name; });
  lowbit_onnx::Graph branch;
  if (found == attributes.end() || !found->has_g() || !branch.ParseFromString(found->g())) {
    return Invalid("attribute '" + name + "' is no graph");
  }
  Result<std::vector<Value>> values = ReadBranch(branch);
  if (!values.ok()) return ErrorIn(name, values.error());
  return values;
}

std::set<std::string> NamesMadeIn(const lowbit_onnx::Graph& graph) {
  std::set<std::string> names;
  for (const lowbit_onnx::Tensor& tensor : graph.initializer()) names.insert(tensor.name());
  for (const lowbit_onnx::Node& node : graph.node()) names.insert(node.output().begin(), node.output().end());
  return names;
}

// Its nodes see the values around it, and nobody outside sees theirs.
Result<std::vector<Value>> Reader::ReadBranch(const lowbit_onnx::Graph& branch) {
  if (depth_ == kMaxDepth) return Invalid("lies in more than " + std::to_string(kMaxDepth) + " others");
  if (branch.input_size() > 0) return Invalid("has inputs, which no branch has");
  LOWBIT_RETURN_IF_ERROR(CheckSupport(branch));
  LOWBIT_RETURN_IF_ERROR(ReserveNames(branch));
  std::map<std::string, Value> hidden;
  const std::set<std::string> own = NamesMadeIn(branch);
  for (const std::string& name : own) {
    const auto found = values_.find(name);
    if (found != values_.end()) hidden.insert(*found);
  }
  ++depth_;
  LOWBIT_RETURN_IF_ERROR(ReadInitializers(branch));
  LOWBIT_RETURN_IF_ERROR(ReadNodes(branch));
  std::vector<Value> outputs;
  for (const lowbit_onnx::ValueInfo& output : branch.output()) {
    const Result<Value> found = Find(output.name());
    if (!found.ok() || !found.value().present) return Invalid("output '" + output.name() + "': no node makes it");
    outputs.push_back(found.value());
  }
  --depth_;
  for (const std::string& name : own) values_.erase(name);
  values_.insert(hidden.begin(), hidden.end());
  return outputs;
}

// A Graph's outputs are what nodes compute, under the file's names, each once.
Status Reader::NameOutputs() {
  for (const lowbit_onnx::ValueInfo& output : graph_.output()) {
    const Result<Value> found = Find(output.name());
    if (!found.ok() || !found.value().present) return Invalid("output '" + output.name() + "': no node makes it");
    Value value = found.value();
    if (value.known() || value.name != output.name() || inputs_.count(value.name) != 0) {
      builder_.BeginNode(output.name());
      LOWBIT_TRY(value, builder_.AddNamed(value, output.name()));
    }
    builder_.AddOutput(value.name);
  }
  return Ok();
}

}  // namespace

Result<Graph> ReadGraph(const lowbit_onnx::Graph& graph, int64_t opset, const std::string& folder,
                        const ReadOptions& options) {
  return Reader(graph, opset, folder, options).Run();
}

}  // namespace lowbit::onnx
