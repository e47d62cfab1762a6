#include "lowbit/format/onnx/write.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "lowbit/base/file.h"
#include "lowbit/base/suggest.h"
#include "lowbit/core/integer_form.h"
#include "lowbit/core/recurrence.h"
#include "lowbit/core/structure.h"
#include "lowbit/core/validate.h"
#include "lowbit/format/onnx/file_builder.h"
#include "lowbit/format/onnx/names.h"
#include "lowbit/format/onnx/write_quantizers.h"
#include "lowbit/format/onnx/write_recurrent.h"
#include "lowbit/format/onnx/write_trunc.h"
#include "lowbit/format/onnx/write_weights.h"

namespace lowbit::onnx {
namespace {

// What Debian's checker knows; new enough for the forms that operators of core have, with the exceptions below.
constexpr int64_t kLeastOpset = 17;

// The opset that brought the form in which the node is, if that is newer.
int64_t OpsetOf(const Node& node) {
  const auto has = [&](const char* attribute) { return node.attributes.count(attribute) != 0; };
  if (node.op == "Gelu") return 20;
  if (node.op == "Resize" && (has("antialias") || has("axes") || has("keep_aspect_ratio_policy"))) return 18;
  if (node.op == "Split" && has("num_outputs")) return 18;
  const std::string reduction = StringAttribute(node, "reduction", "none");
  const bool scatters = node.op == "ScatterElements" || node.op == "ScatterND";
  if (node.op == "Mish" || (scatters && (reduction == "max" || reduction == "min"))) return 18;
  return kLeastOpset;
}

int64_t OpsetOf(const Graph& graph, Flavor flavor) {
  int64_t opset = flavor == Flavor::kInt2 ? 25 : kLeastOpset;
  if (flavor == Flavor::kInt4 || flavor == Flavor::kMatMulNBits) opset = 21;
  for (const Node& node : graph.nodes) opset = std::max(opset, OpsetOf(node));
  return opset;
}

bool HasLowBitWeights(const Graph& graph) {
  return std::any_of(graph.parameters.begin(), graph.parameters.end(),
                     [](const auto& entry) { return std::holds_alternative<QTensor>(entry.second.value); });
}

Status CheckPurpose(const Graph& graph, Flavor flavor) {
  LOWBIT_RETURN_IF_ERROR(Validate(graph));
  if (flavor == Flavor::kFloat || HasLowBitWeights(graph)) return Ok();
  const std::string& name = FlavorNames()[static_cast<size_t>(flavor)];
  const bool takes_activations = flavor == Flavor::kQdq || flavor == Flavor::kQonnx;
  if (takes_activations && QuantizesActivations(graph)) return Ok();
  return Invalid("has no low-bit weights" + std::string(takes_activations ? " and no quantized activations" : "") +
                 ", which flavor " + name + " is for; choose float, or quantize it with `lowbit calibrate` before");
}

// A Graph on its way into a file.
class Writer {
 public:
  Writer(const Graph& graph, Flavor flavor) : graph_(graph), flavor_(flavor), file_(graph, OpsetOf(graph, flavor)) {
    if (flavor == Flavor::kQonnx) truncations_ = FindTruncations(graph);
  }

  Status Run() {
    LOWBIT_TRY(const Shapes two, InferShapes(graph_, 2));
    LOWBIT_TRY(const Shapes three, InferShapes(graph_, 3));
    for (const GraphInput& input : graph_.inputs) file_.AddInput(input.name, ElementType::kFloat32, input.shape);
    for (const Node& node : graph_.nodes) {
      const Status status = WriteNode(node);
      if (!status.ok()) return Invalid(NodePrefix(node) + status.error().message);
    }
    if (flavor_ == Flavor::kMatMulNBits && !any_product_) {
      return Invalid("has no linear layer with low-bit weights, which flavor matmulnbits is for; choose int4");
    }
    for (const std::string& output : graph_.outputs) {
      file_.AddOutput(output, TypeOf(output), OpenShape(two.at(output), three.at(output)));
    }
    for (const auto& [key, text] : graph_.metadata) file_.AddMetadata(kMetadataPrefix + key, text);
    return Ok();
  }

  // What Run made.
  FileBuilder* file() { return &file_; }

 private:
  using Shapes = std::map<std::string, Shape>;

  // Of the shapes for two sizes of the batch, the one that leaves open what follows it.
  static Shape OpenShape(const Shape& two, const Shape& three) {
    Shape shape = two;
    for (size_t i = 0; i < shape.size(); ++i) shape[i] = two[i] == three[i] ? two[i] : kDynamic;
    return shape;
  }

  ElementType TypeOf(const std::string& value) const {
    const auto found = types_.find(value);
    return found == types_.end() ? ElementType::kFloat32 : found->second;
  }

  template <typename T>
  const T* Find(const std::string& name) const {
    const auto parameter = graph_.parameters.find(name);
    return parameter == graph_.parameters.end() ? nullptr : std::get_if<T>(&parameter->second.value);
  }

  // --- Inputs.

  // The value under the name by which a reader finds it in that type.
  Result<std::string> Input(const std::string& name, ElementType type) {
    if (name.empty()) return name;
    const auto [entry, is_new] = named_.try_emplace({name, type}, name);
    if (!is_new) return entry->second;
    if (const auto* floats = Find<FloatTensor>(name)) {
      entry->second = FirstName(name);
      AddNumbers(entry->second, type, floats->shape, floats->data);
    } else if (const auto* integers = Find<Int64Tensor>(name)) {
      entry->second = FirstName(name);
      AddNumbers(entry->second, type, integers->shape, integers->data);
    } else if (const auto* weights = Find<QTensor>(name)) {
      LOWBIT_RETURN_IF_ERROR(WriteWeights(name, *weights));
      if (type != ElementType::kFloat32) entry->second = Converted(name, type);
    } else if (TypeOf(name) != type) {
      entry->second = Converted(name, type);
    }
    return entry->second;
  }

  std::string FirstName(const std::string& name) { return written_.insert(name).second ? name : file_.Unique(name); }

  std::string Converted(const std::string& name, ElementType type) {
    return file_.Apply("Cast", {name}, name + "/as_" + Name(type), {{"to", static_cast<int64_t>(type)}});
  }

  template <typename T>
  void AddNumbers(const std::string& name, ElementType type, const Shape& shape, const std::vector<T>& data) {
    if (IsInteger(type)) {
      file_.AddIntegers(name, type, Int64Tensor(shape, std::vector<int64_t>(data.begin(), data.end())));
    } else {
      file_.AddFloats(name, FloatTensor(shape, std::vector<float>(data.begin(), data.end())));
    }
  }

  Status WriteWeights(const std::string& name, const QTensor& tensor) {
    switch (flavor_) {
      case Flavor::kFloat:
        file_.AddFloats(name, Dequantize(tensor));
        return Ok();
      case Flavor::kQonnx:
        if (WriteQonnx(name, tensor, &file_)) return Ok();
        return Invalid("its weights '" + name + "' (" + tensor.values.Name() +
                       ") are no integers times a scale above 0, as QONNX wants them; choose flavor float or qdq");
      default: {
        const int least_bits = flavor_ == Flavor::kQdq ? 8 : flavor_ == Flavor::kInt2 ? 2 : 4;
        if (!WriteDequantized(name, tensor, least_bits, &file_)) WriteGathered(name, tensor, &file_);
        return Ok();
      }
    }
  }

  Result<std::vector<std::string>> Inputs(const Node& node) {
    std::vector<std::string> inputs;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      LOWBIT_TRY(std::string input, Input(node.inputs[i], TakenType(node.op, i)));
      inputs.push_back(std::move(input));
    }
    return inputs;
  }

  // --- Nodes.

  Status WriteNode(const Node& node) {
    if (truncations_.parts.count(node.name) != 0) return Ok();
    if (node.op == "Quant") return WriteQuant(node);
    if (node.op == "BipolarQuant") return WriteBipolarQuant(node);
    if (node.op == "LevelQuant") return WriteLevelQuant(node);
    if (QuantizesState(node) || node.op == "Recurrence") {
      return Invalid("node '" + node.name + "' (" + node.op + "): ONNX has no recurrent layers with a quantized state");
    }
    if (node.op == "Mod" && IntAttribute(node, "fmod", 0) == 0) return WriteMod(node);
    if (flavor_ == Flavor::kMatMulNBits && node.op == "Gemm") {
      LOWBIT_TRY(const bool done, WriteProduct(node));
      if (done) return Ok();
    }
    Node copy = node;
    LOWBIT_TRY(copy.inputs, Inputs(node));
    if (file_.opset() < 18 && node.op.rfind("Reduce", 0) == 0 && node.op != "ReduceSum") UseAxesAttribute(&copy);
    for (size_t i = 0; i < node.outputs.size(); ++i) types_[node.outputs[i]] = ResultType(node, i);
    if (IntAttribute(node, "layout", 0) == 1) {
      WriteRecurrent(std::move(copy), &file_);
    } else {
      file_.AddNode(copy);
    }
    return Ok();
  }

  // The remainder with the divisor's sign, which ONNX has for integers only: a - floor(a / b) * b.
  Status WriteMod(const Node& node) {
    const std::string& name = node.outputs[0];
    LOWBIT_TRY(const std::vector<std::string> inputs, Inputs(node));
    const std::string quotient = file_.Apply("Div", inputs, name + "/quotient");
    const std::string whole = file_.Apply("Floor", {quotient}, name + "/whole");
    file_.Add("Sub", {inputs[0], file_.Apply("Mul", {whole, inputs[1]}, name + "/multiple")}, name);
    return Ok();
  }

  static ElementType ResultType(const Node& node, size_t output) {
    if (node.op == "Cast") return ElementTypeOf(IntAttribute(node, "to", 1)).value_or(ElementType::kFloat32);
    return GivenType(node.op, output).value_or(ElementType::kFloat32);
  }

  // As it was before opset 18. Without axes, everything is reduced, or nothing.
  void UseAxesAttribute(Node* node) const {
    const Int64Tensor* axes = HasInput(*node, 1) ? Find<Int64Tensor>(node->inputs[1]) : nullptr;
    const bool nothing = IntAttribute(*node, "noop_with_empty_axes", 0) != 0;
    node->inputs.resize(1);
    node->attributes.erase("noop_with_empty_axes");
    if (axes != nullptr && !axes->data.empty()) {
      node->attributes["axes"] = axes->data;
    } else if (nothing) {
      node->op = "Identity";
      node->attributes.clear();
    }
  }

  double Scalar(const std::string& name) const { return Find<FloatTensor>(name)->data[0]; }

  Status WriteQuant(const Node& node) {
    if (const auto found = truncations_.by_quant.find(node.name); found != truncations_.by_quant.end()) {
      LOWBIT_TRY(const std::string wide, Input(found->second.input, ElementType::kFloat32));
      WriteTruncation(found->second, node, wide, &file_);
      return Ok();
    }
    LOWBIT_TRY(const std::string input, Input(node.inputs[0], ElementType::kFloat32));
    if (flavor_ == Flavor::kQonnx) return WriteQonnxNode(node, {{"rounding_mode", std::string("ROUND")}});
    LOWBIT_TRY(const UniformGrid grid,
               MakeUniformGrid(node, Scalar(node.inputs[1]), Scalar(node.inputs[2]), Scalar(node.inputs[3])));
    if (flavor_ == Flavor::kFloat) {
      WriteGridSteps(grid, input, node.outputs[0], &file_);
      return Ok();
    }
    const Status status = WriteQdq(grid, input, node.outputs[0], &file_);
    if (!status.ok()) return Invalid(status.error().message + "; choose flavor float or qonnx");
    return Ok();
  }

  Status WriteBipolarQuant(const Node& node) {
    if (flavor_ == Flavor::kQonnx) return WriteQonnxNode(node, {});
    LOWBIT_TRY(const std::string input, Input(node.inputs[0], ElementType::kFloat32));
    WriteSigns(Scalar(node.inputs[1]), input, node.outputs[0], &file_);
    return Ok();
  }

  // Levels of any kind, for which neither ONNX nor QONNX has an operator: the thresholds that x / scale reaches are counted, and
  // choose from a table. Exact, and as many times the memory of x as there are thresholds.
  Status WriteLevelQuant(const Node& node) {
    LOWBIT_TRY(const std::string input, Input(node.inputs[0], ElementType::kFloat32));
    const std::string& name = node.outputs[0];
    FloatTensor table = *Find<FloatTensor>(node.inputs[3]);
    for (float& level : table.data) level = static_cast<float>(Scalar(node.inputs[1]) * level);
    const std::string last = file_.NewIntegers(name + "/last", ElementType::kInt64, Int64Tensor({1}, {-1}));
    const std::string thresholds = file_.NewFloats(name + "/thresholds", *Find<FloatTensor>(node.inputs[2]));
    const std::string scale = file_.NewScalar(name + "/scale", Scalar(node.inputs[1]));
    const std::string scaled = file_.Apply("Div", {input, scale}, name + "/scaled");
    const std::string column = file_.Apply("Unsqueeze", {scaled, last}, name + "/column");
    const std::string reached = file_.Apply("GreaterOrEqual", {column, thresholds}, name + "/reached");
    constexpr int64_t kInt64 = 7;  // TensorProto's number of the type.
    const std::string ones = file_.Apply("Cast", {reached}, name + "/ones", {{"to", kInt64}});
    const std::string place = file_.Apply("ReduceSum", {ones, last}, name + "/place", {{"keepdims", int64_t{0}}});
    file_.Add("Gather", {file_.NewFloats(name + "/levels", table), place}, name);
    return Ok();
  }

  // With all attributes, as other tools write them.
  Status WriteQonnxNode(const Node& node, Attributes attributes) {
    Node copy = node;
    LOWBIT_TRY(copy.inputs, Inputs(node));
    if (node.op == "Quant") attributes["signed"] = IntAttribute(node, "signed", 1);
    if (node.op == "Quant") attributes["narrow"] = IntAttribute(node, "narrow", 0);
    copy.attributes = std::move(attributes);
    file_.AddNode(copy, kQonnxDomain);
    return Ok();
  }

  Result<bool> WriteProduct(const Node& node) {
    const QTensor* weights = Find<QTensor>(node.inputs[1]);
    if (weights == nullptr) return false;
    std::vector<std::string> inputs = node.inputs;
    LOWBIT_TRY(inputs[0], Input(node.inputs[0], ElementType::kFloat32));
    if (HasInput(node, 2)) {
      LOWBIT_TRY(inputs[2], Input(node.inputs[2], ElementType::kFloat32));
    }
    const bool done = WriteMatMulNBits(node, inputs, *weights, &file_);
    any_product_ = any_product_ || done;
    return done;
  }

  const Graph& graph_;
  Flavor flavor_;
  FileBuilder file_;
  std::map<std::string, ElementType> types_;  // Of what nodes compute, where it is no float.
  std::map<std::pair<std::string, ElementType>, std::string> named_;
  Truncations truncations_;        // Those of flavor kQonnx.
  std::set<std::string> written_;  // Parameters whose name an initializer has.
  bool any_product_ = false;
};

}  // namespace

const std::vector<std::string>& FlavorNames() {
  static const std::vector<std::string> names = {"float", "qdq", "int4", "int2", "matmulnbits", "qonnx"};
  return names;
}

Result<Flavor> ParseFlavor(const std::string& name) {
  const auto found = std::find(FlavorNames().begin(), FlavorNames().end(), name);
  if (found == FlavorNames().end()) return Invalid(UnknownName("flavor", name, FlavorNames()));
  return static_cast<Flavor>(found - FlavorNames().begin());
}

Result<std::string> Encode(const Graph& graph, Flavor flavor) {
  LOWBIT_RETURN_IF_ERROR(CheckPurpose(graph, flavor));
  Writer writer(graph, flavor);
  LOWBIT_RETURN_IF_ERROR(writer.Run());
  return writer.file()->Bytes(kMaxFileBytes);
}

Result<WrittenFiles> Write(const Graph& graph, Flavor flavor, const std::string& path, const WriteOptions& options) {
  LOWBIT_RETURN_IF_ERROR(CheckPurpose(graph, flavor));
  Writer writer(graph, flavor);
  LOWBIT_RETURN_IF_ERROR(writer.Run());
  WrittenFiles written;
  std::string data;
  if (options.external_data || writer.file()->Size() > options.max_bytes) {
    data = writer.file()->MoveDataOut(std::filesystem::path(path).filename().string() + ".data");
  }
  LOWBIT_TRY(const std::string model, writer.file()->Bytes(options.max_bytes));
  written.model_bytes = static_cast<int64_t>(model.size());
  if (!data.empty()) {
    written.data_path = path + ".data";
    written.data_bytes = static_cast<int64_t>(data.size());
    LOWBIT_RETURN_IF_ERROR(WriteFileAtomic(written.data_path, data));
  }
  const Status status = WriteFileAtomic(path, model);
  if (status.ok()) return written;
  if (!data.empty()) std::filesystem::remove(written.data_path);
  return status.error();
}

}  // namespace lowbit::onnx
