#include <algorithm>
#include <filesystem>
#include <limits>
#include <set>
#include <utility>

#include "lowbit/base/file.h"
#include "lowbit/base/suggest.h"
#include "lowbit/core/structure.h"
#include "lowbit/core/validate.h"
#include "lowbit/format/onnx/names.h"
#include "lowbit/format/onnx/onnx.h"
#include "lowbit/format/onnx/onnx.pb.h"
#include "lowbit/format/onnx/rules.h"

namespace lowbit::onnx {
namespace {

constexpr int64_t kMinIrVersion = 3, kMaxIrVersion = 13;
constexpr int64_t kMinOpset = 1, kMaxOpset = 25;
// What protobuf can hold, and so what an ONNX file may be.
constexpr uint64_t kMaxFileBytes = std::numeric_limits<int32_t>::max();

Error InRange(const char* what, int64_t value, int64_t low, int64_t high) {
  return Invalid(std::string(what) + " is " + std::to_string(value) + "; expected " + std::to_string(low) + " to " +
                 std::to_string(high));
}

Status CheckVersions(const lowbit_onnx::Model& model) {
  if (!model.has_ir_version() || !model.has_graph()) return Invalid("is no ONNX model: it has no version or no graph");
  if (model.ir_version() < kMinIrVersion || model.ir_version() > kMaxIrVersion) {
    return InRange("its IR version", model.ir_version(), kMinIrVersion, kMaxIrVersion);
  }
  return Ok();
}

bool IsOnnxDomain(const std::string& domain) { return domain.empty() || domain == "ai.onnx"; }

Result<int64_t> OpsetOf(const lowbit_onnx::Model& model) {
  for (const lowbit_onnx::OperatorSet& opset : model.opset_import()) {
    if (!IsOnnxDomain(opset.domain())) continue;
    if (opset.version() >= kMinOpset && opset.version() <= kMaxOpset) return opset.version();
    return InRange("its opset", opset.version(), kMinOpset, kMaxOpset);
  }
  return Invalid("does not say which opset of ONNX it uses");
}

// Operators of other domains that rules know. QONNX's domain has had several names.
bool IsForeign(const lowbit_onnx::Node& node) {
  static const std::set<std::string> qonnx = {"BipolarQuant", "IntQuant", "Quant", "Trunc"};
  return qonnx.count(node.op_type()) != 0 || (node.op_type() == "MatMulNBits" && node.domain() == kMicrosoftDomain);
}

// Of lowbit alone, in no file of ONNX.
bool IsOwn(const std::string& op) { return op == "LevelQuant" || op == "Recurrence"; }

// Operators of core that are ONNX's, and those that rules make of them.
bool IsSupported(const lowbit_onnx::Node& node) {
  const bool known = FindOperator(node.op_type()) != nullptr || Rules().count(node.op_type()) != 0;
  const bool foreign = node.op_type() == "MatMulNBits";
  return known && !IsOwn(node.op_type()) && (IsForeign(node) || (IsOnnxDomain(node.domain()) && !foreign));
}

std::string NameOf(const lowbit_onnx::Node& node, int position) {
  return node.name().empty() ? node.op_type() + "_" + std::to_string(position) : node.name();
}

Status CheckSupport(const lowbit_onnx::Graph& graph) {
  std::vector<std::string> unsupported;
  for (int i = 0; i < graph.node_size(); ++i) {
    if (IsSupported(graph.node(i))) continue;
    const std::string& domain = graph.node(i).domain();
    unsupported.push_back("'" + NameOf(graph.node(i), i) + "' (" + (IsOnnxDomain(domain) ? "" : domain + ".") +
                          graph.node(i).op_type() + ")");
  }
  if (unsupported.empty()) return Ok();
  return Invalid("has " + std::to_string(unsupported.size()) + " of " + std::to_string(graph.node_size()) +
                 " nodes that are not supported: " + Join(unsupported));
}

// One file on its way into a Graph.
class Reader {
 public:
  Reader(const lowbit_onnx::Graph& graph, int64_t opset, const std::string& folder, const ReadOptions& options)
      : graph_(graph), opset_(opset), folder_(folder), options_(options), builder_(graph.name()) {}

  Result<Graph> Run() {
    LOWBIT_RETURN_IF_ERROR(CheckOptions());
    LOWBIT_RETURN_IF_ERROR(ReserveNames());
    LOWBIT_RETURN_IF_ERROR(ReadInitializers());
    LOWBIT_RETURN_IF_ERROR(ReadInputs());
    for (int i = 0; i < graph_.node_size(); ++i) {
      const std::string name = NameOf(graph_.node(i), i);
      const Status status = ReadNode(graph_.node(i), name);
      if (!status.ok()) {
        return Error{status.error().kind,
                     "node '" + name + "' (" + graph_.node(i).op_type() + "): " + status.error().message};
      }
    }
    LOWBIT_RETURN_IF_ERROR(NameOutputs());
    return builder_.Take();
  }

 private:
  Status CheckOptions() const;
  Status ReserveNames();
  Status ReadInitializers();
  Status ReadInputs();
  Result<Shape> ShapeOf(const lowbit_onnx::ValueInfo& input) const;
  Status ReadNode(const lowbit_onnx::Node& node, const std::string& name);
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
  return Ok();
}

// Also sees that every value is made once.
Status Reader::ReserveNames() {
  std::set<std::string> made;
  const auto add = [&](const std::string& name) -> Status {
    if (!made.insert(name).second) return Invalid("value '" + name + "' is made twice");
    builder_.ReserveName(name);
    return Ok();
  };
  for (const lowbit_onnx::ValueInfo& output : graph_.output()) {
    builder_.ReserveOutput(output.name());
    outputs_.insert(output.name());
  }
  for (const lowbit_onnx::ValueInfo& input : graph_.input()) LOWBIT_RETURN_IF_ERROR(add(input.name()));
  for (const lowbit_onnx::Node& node : graph_.node()) {
    for (const std::string& output : node.output()) {
      if (!output.empty()) LOWBIT_RETURN_IF_ERROR(add(output));
    }
  }
  return Ok();
}

Status Reader::ReadInitializers() {
  if (graph_.sparse_initializer_size() > 0) return Invalid("has sparse initializers, which are not supported");
  for (const lowbit_onnx::Tensor& tensor : graph_.initializer()) {
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

Status Reader::ReadNode(const lowbit_onnx::Node& node, const std::string& name) {
  Call call;
  call.op = node.op_type();
  call.opset = opset_;
  call.outputs = static_cast<size_t>(node.output_size());
  for (const std::string& input : node.input()) {
    LOWBIT_TRY(Value value, Find(input));
    call.inputs.push_back(std::move(value));
  }
  for (const lowbit_onnx::Attribute& attribute : node.attribute()) {
    LOWBIT_RETURN_IF_ERROR(ReadAttribute(attribute, &call));
  }
  // Outputs that nobody asks for are left out at the end, and given a name inside.
  while (call.outputs > 0 && node.output(static_cast<int>(call.outputs) - 1).empty()) --call.outputs;
  if (call.outputs == 0) return Invalid("has no output");
  builder_.BeginNode(name);
  const auto rule = Rules().find(call.op);
  const size_t outputs = call.outputs;
  LOWBIT_TRY(std::vector<Value> values,
             rule == Rules().end() ? ApplyAsIs(call, &builder_) : rule->second(std::move(call), &builder_));
  for (size_t i = 0; i < outputs; ++i) {
    const std::string& output = node.output(static_cast<int>(i));
    if (output.empty()) continue;
    if (i >= values.size()) return Invalid("its output " + std::to_string(i) + " is not supported");
    if (outputs_.count(output) != 0) {
      LOWBIT_TRY(values[i], builder_.Plain(values[i]));
    }
    builder_.Rename(&values[i], output);
    values_[output] = values[i];
  }
  return Ok();
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

Result<lowbit_onnx::Model> Parse(Span<const uint8_t> bytes) {
  if (bytes.size() > kMaxFileBytes) {
    return Invalid("is larger than 2 GiB, which no ONNX file may be; expected weights beside it");
  }
  lowbit_onnx::Model model;
  if (bytes.empty() || !model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Invalid("is no ONNX file, or damaged: its bytes are no protobuf message");
  }
  LOWBIT_RETURN_IF_ERROR(CheckVersions(model));
  return model;
}

// What Write keeps of a Graph's metadata.
void ReadMetadata(const lowbit_onnx::Model& model, Graph* graph) {
  const std::string prefix = kMetadataPrefix;
  for (const lowbit_onnx::Entry& entry : model.metadata_props()) {
    if (entry.key().rfind(prefix, 0) == 0) graph->metadata[entry.key().substr(prefix.size())] = entry.value();
  }
}

Result<Graph> DecodeAll(Span<const uint8_t> bytes, const std::string& folder, const ReadOptions& options) {
  LOWBIT_TRY(const lowbit_onnx::Model model, Parse(bytes));
  LOWBIT_TRY(const int64_t opset, OpsetOf(model));
  LOWBIT_RETURN_IF_ERROR(CheckSupport(model.graph()));
  LOWBIT_TRY(Graph graph, Reader(model.graph(), opset, folder, options).Run());
  ReadMetadata(model, &graph);
  LOWBIT_RETURN_IF_ERROR(Validate(graph));
  return graph;
}

}  // namespace

Result<Graph> Decode(Span<const uint8_t> bytes, const std::string& name, const std::string& folder,
                     const ReadOptions& options) {
  Result<Graph> graph = DecodeAll(bytes, folder, options);
  if (!graph.ok()) return Error{graph.error().kind, name + ": " + graph.error().message};
  return graph;
}

Result<Graph> Read(const std::string& path, const ReadOptions& options) {
  LOWBIT_TRY(const MappedFile file, MappedFile::Open(path, kMaxFileBytes));
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return Decode(Span<const uint8_t>(file.data(), file.size()), path, folder.empty() ? "." : folder, options);
}

Result<Summary> Summarize(const std::string& path) {
  LOWBIT_TRY(const MappedFile file, MappedFile::Open(path, kMaxFileBytes));
  const Result<lowbit_onnx::Model> model = Parse(Span<const uint8_t>(file.data(), file.size()));
  if (!model.ok()) return Invalid(path + ": " + model.error().message);
  const lowbit_onnx::Graph& graph = model.value().graph();
  std::set<std::string> initializers;
  for (const lowbit_onnx::Tensor& tensor : graph.initializer()) initializers.insert(tensor.name());
  Summary summary;
  for (const lowbit_onnx::ValueInfo& input : graph.input()) {
    if (initializers.count(input.name()) == 0) summary.inputs.push_back(input.name());
  }
  for (const lowbit_onnx::Node& node : graph.node()) summary.operators.push_back(node.op_type());
  return summary;
}

Result<DoubleTensor> ReadTensor(const std::string& path) {
  LOWBIT_TRY(const MappedFile file, MappedFile::Open(path, kMaxFileBytes));
  lowbit_onnx::Tensor tensor;
  if (!tensor.ParseFromArray(file.data(), static_cast<int>(file.size()))) {
    return Invalid(path + ": is no tensor: its bytes are no protobuf message");
  }
  const Result<ConstantPtr> constant = ReadConstant(tensor, "");
  if (!constant.ok()) return Invalid(path + ": " + constant.error().message);
  return Widen(*constant.value());
}

std::vector<std::string> SupportedOperators() {
  std::vector<std::string> names = OperatorNames();
  names.erase(std::remove_if(names.begin(), names.end(), IsOwn), names.end());
  for (const auto& [name, rule] : Rules()) names.push_back(name);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace lowbit::onnx
