#ifndef LOWBIT_FORMAT_ONNX_TEST_MAKER_H_
#define LOWBIT_FORMAT_ONNX_TEST_MAKER_H_

#include <string>
#include <vector>

#include "lowbit/format/onnx/onnx.h"
#include "lowbit/format/onnx/onnx.pb.h"

namespace lowbit::onnx::testing {

// Small ONNX files, made field by field.
inline constexpr int32_t kFloat = 1, kInt64 = 7;

class Maker {
 public:
  explicit Maker(int64_t opset = 13) {
    model.set_ir_version(8);
    model.add_opset_import()->set_version(opset);
    model.mutable_graph()->set_name("test");
  }

  // An extent of -1 is open.
  void Input(const std::string& name, const Shape& shape, int32_t type = kFloat) {
    lowbit_onnx::ValueInfo* input = model.mutable_graph()->add_input();
    input->set_name(name);
    lowbit_onnx::TensorType* tensor = input->mutable_type()->mutable_tensor_type();
    tensor->set_elem_type(type);
    for (const int64_t extent : shape) {
      lowbit_onnx::Dimension* dimension = tensor->mutable_shape()->add_dim();
      extent < 0 ? dimension->set_dim_param("N") : dimension->set_dim_value(extent);
    }
  }

  void Output(const std::string& name) { model.mutable_graph()->add_output()->set_name(name); }

  lowbit_onnx::Tensor* Floats(const std::string& name, const Shape& shape, const std::vector<float>& values) {
    lowbit_onnx::Tensor* tensor = Initializer(name, shape, kFloat);
    for (const float value : values) tensor->add_float_data(value);
    return tensor;
  }

  // Of int8, uint8, and other types that list their numbers as int32.
  lowbit_onnx::Tensor* Small(const std::string& name, int32_t type, const Shape& shape,
                             const std::vector<int32_t>& values) {
    lowbit_onnx::Tensor* tensor = Initializer(name, shape, type);
    for (const int32_t value : values) tensor->add_int32_data(value);
    return tensor;
  }

  lowbit_onnx::Tensor* Integers(const std::string& name, const std::vector<int64_t>& values) {
    lowbit_onnx::Tensor* tensor = Initializer(name, {static_cast<int64_t>(values.size())}, kInt64);
    for (const int64_t value : values) tensor->add_int64_data(value);
    return tensor;
  }

  lowbit_onnx::Node* Node(const std::string& op, const std::vector<std::string>& inputs,
                          const std::vector<std::string>& outputs) {
    lowbit_onnx::Node* node = model.mutable_graph()->add_node();
    node->set_op_type(op);
    node->set_name(op + "_" + outputs[0]);
    for (const std::string& input : inputs) node->add_input(input);
    for (const std::string& output : outputs) node->add_output(output);
    return node;
  }

  std::string Bytes() const { return model.SerializeAsString(); }

  Result<Graph> Read(const ReadOptions& options = {}, const std::string& folder = "") const {
    const std::string bytes = Bytes();
    return Decode(Span<const uint8_t>(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()), "net.onnx", folder,
                  options);
  }

  // Why it is not read; "" if it is.
  std::string Error(const ReadOptions& options = {}, const std::string& folder = "") const {
    const Result<Graph> graph = Read(options, folder);
    return graph.ok() ? "" : graph.error().message;
  }

  lowbit_onnx::Model model;

 private:
  lowbit_onnx::Tensor* Initializer(const std::string& name, const Shape& shape, int32_t type) {
    lowbit_onnx::Tensor* tensor = model.mutable_graph()->add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(type);
    for (const int64_t extent : shape) tensor->add_dims(extent);
    return tensor;
  }
};

inline void SetInt(lowbit_onnx::Node* node, const std::string& name, int64_t value) {
  lowbit_onnx::Attribute* attribute = node->add_attribute();
  attribute->set_name(name);
  attribute->set_i(value);
}

inline void SetInts(lowbit_onnx::Node* node, const std::string& name, const std::vector<int64_t>& values) {
  lowbit_onnx::Attribute* attribute = node->add_attribute();
  attribute->set_name(name);
  for (const int64_t value : values) attribute->add_ints(value);
}

inline void SetFloat(lowbit_onnx::Node* node, const std::string& name, float value) {
  lowbit_onnx::Attribute* attribute = node->add_attribute();
  attribute->set_name(name);
  attribute->set_f(value);
}

inline void SetFloats(lowbit_onnx::Node* node, const std::string& name, const std::vector<float>& values) {
  lowbit_onnx::Attribute* attribute = node->add_attribute();
  attribute->set_name(name);
  for (const float value : values) attribute->add_floats(value);
}

inline void SetText(lowbit_onnx::Node* node, const std::string& name, const std::string& value) {
  lowbit_onnx::Attribute* attribute = node->add_attribute();
  attribute->set_name(name);
  attribute->set_s(value);
}

// Of the nodes, in order.
inline std::vector<std::string> Operators(const Graph& graph) {
  std::vector<std::string> names;
  for (const Node& node : graph.nodes) names.push_back(node.op);
  return names;
}

}  // namespace lowbit::onnx::testing

#endif  // LOWBIT_FORMAT_ONNX_TEST_MAKER_H_
