#ifndef LOWBIT_CORE_GRAPH_H_
#define LOWBIT_CORE_GRAPH_H_

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "lowbit/core/qtensor.h"
#include "lowbit/core/shape.h"
#include "lowbit/core/tensor.h"

namespace lowbit {

// The types of ONNX's attributes that are used here: INT, FLOAT, STRING, INTS, FLOATS.
using Attribute = std::variant<int64_t, double, std::string, std::vector<int64_t>, std::vector<double>>;
using Attributes = std::map<std::string, Attribute>;

// One operation. Operator names, attribute names, defaults and the order of inputs are ONNX's (opset 18).
struct Node {
  std::string name;  // Unique in the graph; not empty.
  std::string op;    // "Conv", "Gemm", "BatchNormalization", ...: a folder of lowbit/core/ops.
  // Names of values: graph inputs, parameters or outputs of earlier nodes; "" stands for an optional input left out.
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;  // Names that nothing else in the graph defines.
  Attributes attributes;
};

// How training starts from and treats a parameter; nothing of it is stored in a packed file.
struct ParameterTraits {
  enum class Role : uint8_t {
    kWeight,     // Trained; what weight decay is meant for, and what a method may quantize (core/row_weights.h).
    kBias,       // Trained: bias, batch-norm scale and shift.
    kStatistic,  // Not trained, but measured in training: batch-norm mean and variance, scales of activations.
    kConstant,   // Never changes: input mean and scale, shapes, clip limits.
  };
  enum class Init : uint8_t {
    kKeep,      // The value that is there.
    kConstant,  // Every element init_value.
    kNormal,    // Normal, mean 0, standard deviation init_value.
    kHeNormal,  // Normal, mean 0, standard deviation sqrt(2 / fan_in) (He et al. 2015); init_value is not used.
  };
  Role role = Role::kConstant;
  Init init = Init::kKeep;
  double init_value = 0;
  double learning_rate_multiplier = 1;
  double decay_multiplier = 1;
};

// A value that is part of the model (ONNX: an initializer).
struct Parameter {
  std::variant<FloatTensor, Int64Tensor, QTensor> value;
  ParameterTraits traits;

  const Shape& shape() const {
    return std::visit([](const auto& tensor) -> const Shape& { return tensor.shape; }, value);
  }
};

// A tensor that the caller passes in; float. The first extent may be kDynamic.
struct GraphInput {
  std::string name;
  Shape shape;
};

// The only description of a network, for training and for inference alike. A plain value: copy it, change it, then
// Validate (core/validate.h).
struct Graph {
  std::string name;
  std::vector<GraphInput> inputs;
  std::vector<std::string> outputs;
  std::vector<Node> nodes;  // In an order in which they can run.
  std::map<std::string, Parameter> parameters;
  // Free text that travels with the model: "labels" (one class name a line), "dataset", "recipe", ...
  std::map<std::string, std::string> metadata;
};

// The attribute, or `otherwise` where the node does not set it. REQUIRES: the attribute has this type (Validate).
int64_t IntAttribute(const Node& node, const std::string& name, int64_t otherwise);
double FloatAttribute(const Node& node, const std::string& name, double otherwise);
std::string StringAttribute(const Node& node, const std::string& name, const std::string& otherwise);
std::vector<int64_t> IntsAttribute(const Node& node, const std::string& name, const std::vector<int64_t>& otherwise);

// Whether the node has its optional input i.
bool HasInput(const Node& node, size_t i);

// How often the value is read: by inputs of nodes, and as an output of the graph. Goes through all nodes.
int64_t CountReaders(const Graph& graph, const std::string& value);

}  // namespace lowbit

#endif  // LOWBIT_CORE_GRAPH_H_
