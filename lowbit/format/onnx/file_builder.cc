#include "lowbit/format/onnx/file_builder.h"

#include <algorithm>
#include <utility>

#include "lowbit/base/bytes.h"
#include "lowbit/base/version.h"
#include "lowbit/format/onnx/onnx.pb.h"

namespace lowbit::onnx {
namespace {

// The first IR version that goes with an opset, as ONNX's versioning document lists them.
int64_t IrVersionOf(int64_t opset) {
  if (opset < 19) return 8;
  if (opset < 21) return 9;
  return opset < 23 ? 10 : opset - 12;
}

void SetShape(const Shape& shape, lowbit_onnx::Tensor* tensor) {
  for (const int64_t extent : shape) tensor->add_dims(extent);
}

std::string Text(const std::vector<uint8_t>& bytes) {
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

void AppendInteger(ElementType type, int64_t value, std::vector<uint8_t>* bytes) {
  switch (BytesOf(type)) {
    case 1:
      return bytes->push_back(static_cast<uint8_t>(value));
    case 2:
      return AppendLittle(static_cast<int16_t>(value), bytes);
    case 4:
      return AppendLittle(static_cast<int32_t>(value), bytes);
    default:
      return AppendLittle(value, bytes);
  }
}

// What ONNX's own tools move out at least, and where they let it begin.
constexpr size_t kLeastMoved = 1024, kPage = 4096;

constexpr int32_t kExternal = 1;  // TensorProto.DataLocation.

// Numbers of AttributeProto.AttributeType.
enum { kFloat = 1, kInt = 2, kString = 3, kFloats = 6, kInts = 7, kStrings = 8 };

void Fill(int64_t value, lowbit_onnx::Attribute* to) { to->set_type(kInt), to->set_i(value); }
void Fill(double value, lowbit_onnx::Attribute* to) { to->set_type(kFloat), to->set_f(static_cast<float>(value)); }
void Fill(const std::string& value, lowbit_onnx::Attribute* to) { to->set_type(kString), to->set_s(value); }
void Fill(const std::vector<int64_t>& values, lowbit_onnx::Attribute* to) {
  to->set_type(kInts);
  for (const int64_t value : values) to->add_ints(value);
}
void Fill(const std::vector<double>& values, lowbit_onnx::Attribute* to) {
  to->set_type(kFloats);
  for (const double value : values) to->add_floats(static_cast<float>(value));
}
void FillList(std::string names, lowbit_onnx::Attribute* to) {
  to->set_type(kStrings);
  names += ",";
  for (size_t comma; (comma = names.find(',')) != std::string::npos; names.erase(0, comma + 1)) {
    to->add_strings(names.substr(0, comma));
  }
}

void SetInfo(const std::string& name, ElementType type, const Shape& shape, lowbit_onnx::ValueInfo* info) {
  info->set_name(name);
  lowbit_onnx::TensorType* tensor = info->mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(static_cast<int32_t>(type));
  lowbit_onnx::TensorShape* extents = tensor->mutable_shape();  // There even if it is empty: a scalar.
  for (const int64_t extent : shape) {
    lowbit_onnx::Dimension* dimension = extents->add_dim();
    extent == kDynamic ? dimension->set_dim_param("batch") : dimension->set_dim_value(extent);
  }
}

}  // namespace

FileBuilder::FileBuilder(const Graph& graph, int64_t opset)
    : model_(std::make_unique<lowbit_onnx::Model>()), names_(graph), opset_(opset) {
  model_->set_ir_version(IrVersionOf(opset));
  model_->set_producer_name("lowbit");
  model_->set_producer_version(Version());
  model_->mutable_graph()->set_name(graph.name.empty() ? "network" : graph.name);
  model_->add_opset_import()->set_version(opset);
}
FileBuilder::FileBuilder(FileBuilder&&) noexcept = default;
FileBuilder::~FileBuilder() = default;

void FileBuilder::AddFloats(const std::string& name, const FloatTensor& tensor) {
  std::vector<uint8_t> bytes;
  bytes.reserve(tensor.data.size() * sizeof(float));
  for (const float value : tensor.data) AppendLittle(value, &bytes);
  lowbit_onnx::Tensor* to = model_->mutable_graph()->add_initializer();
  to->set_name(name);
  to->set_data_type(static_cast<int32_t>(ElementType::kFloat32));
  SetShape(tensor.shape, to);
  to->set_raw_data(Text(bytes));
}

void FileBuilder::AddIntegers(const std::string& name, ElementType type, const Int64Tensor& tensor) {
  std::vector<uint8_t> bytes;
  for (const int64_t value : tensor.data) AppendInteger(type, value, &bytes);
  lowbit_onnx::Tensor* to = model_->mutable_graph()->add_initializer();
  to->set_name(name);
  to->set_data_type(static_cast<int32_t>(type));
  SetShape(tensor.shape, to);
  to->set_raw_data(Text(bytes));
}

void FileBuilder::AddIntegers(const std::string& name, const SubByte& type, const Int64Tensor& tensor) {
  lowbit_onnx::Tensor* to = model_->mutable_graph()->add_initializer();
  to->set_name(name);
  to->set_data_type(DataTypeOf(type));
  SetShape(tensor.shape, to);
  to->set_raw_data(Text(Pack(type, tensor.data)));
}

std::string FileBuilder::NewFloats(const std::string& wish, const FloatTensor& tensor) {
  std::string name = Unique(wish);
  AddFloats(name, tensor);
  return name;
}

std::string FileBuilder::NewScalar(const std::string& wish, double value) {
  return NewFloats(wish, FloatTensor({}, {static_cast<float>(value)}));
}

std::string FileBuilder::NewIntegers(const std::string& wish, ElementType type, const Int64Tensor& tensor) {
  std::string name = Unique(wish);
  AddIntegers(name, type, tensor);
  return name;
}

void FileBuilder::AddNode(const Node& node, const std::string& domain, int64_t version) {
  lowbit_onnx::Node* to = model_->mutable_graph()->add_node();
  to->set_name(node.name);
  to->set_op_type(node.op);
  if (!domain.empty()) to->set_domain(domain), UseDomain(domain, version);
  for (const std::string& input : node.inputs) to->add_input(input);
  for (const std::string& output : node.outputs) to->add_output(output);
  for (const auto& [name, value] : node.attributes) {
    lowbit_onnx::Attribute* attribute = to->add_attribute();
    attribute->set_name(name);
    if (const auto* text = std::get_if<std::string>(&value); text != nullptr && name == "activations") {
      FillList(*text, attribute);
    } else {
      std::visit([attribute](const auto& v) { Fill(v, attribute); }, value);
    }
  }
}

void FileBuilder::Add(const std::string& op, std::vector<std::string> inputs, const std::string& output,
                      Attributes attributes, const std::string& domain) {
  AddNode({Unique(output + "/" + op), op, std::move(inputs), {output}, std::move(attributes)}, domain);
}

std::string FileBuilder::Apply(const std::string& op, std::vector<std::string> inputs, const std::string& wish,
                               Attributes attributes) {
  std::string output = Unique(wish);
  Add(op, std::move(inputs), output, std::move(attributes));
  return output;
}

void FileBuilder::AddInput(const std::string& name, ElementType type, const Shape& shape) {
  SetInfo(name, type, shape, model_->mutable_graph()->add_input());
}

void FileBuilder::AddOutput(const std::string& name, ElementType type, const Shape& shape) {
  SetInfo(name, type, shape, model_->mutable_graph()->add_output());
}

void FileBuilder::AddMetadata(const std::string& key, const std::string& value) {
  lowbit_onnx::Entry* entry = model_->add_metadata_props();
  entry->set_key(key);
  entry->set_value(value);
}

void FileBuilder::UseDomain(const std::string& domain, int64_t version) {
  for (lowbit_onnx::OperatorSet& known : *model_->mutable_opset_import()) {
    if (known.domain() == domain) return known.set_version(std::max(known.version(), version));
  }
  lowbit_onnx::OperatorSet* opset = model_->add_opset_import();
  opset->set_domain(domain);
  opset->set_version(version);
}

uint64_t FileBuilder::Size() const { return model_->ByteSizeLong(); }

std::string FileBuilder::MoveDataOut(const std::string& location) {
  std::string data;
  for (lowbit_onnx::Tensor& tensor : *model_->mutable_graph()->mutable_initializer()) {
    if (tensor.raw_data().size() < kLeastMoved) continue;
    data.resize((data.size() + kPage - 1) / kPage * kPage);
    const std::pair<const char*, std::string> entries[] = {{"location", location},
                                                           {"offset", std::to_string(data.size())},
                                                           {"length", std::to_string(tensor.raw_data().size())}};
    for (const auto& [key, value] : entries) {
      lowbit_onnx::Entry* entry = tensor.add_external_data();
      entry->set_key(key);
      entry->set_value(value);
    }
    data += tensor.raw_data();
    tensor.clear_raw_data();
    tensor.set_data_location(kExternal);
  }
  return data;
}

Result<std::string> FileBuilder::Bytes(uint64_t most) const {
  if (Size() <= most) return model_->SerializeAsString();
  return Invalid("would be an ONNX file of " + std::to_string(Size()) + " bytes; at most " + std::to_string(most) +
                 " are possible");
}

}  // namespace lowbit::onnx
