#include "lowbit/models/adapt.h"

#include <algorithm>
#include <utility>

#include "lowbit/core/image_input.h"
#include "lowbit/core/validate.h"

namespace lowbit::models {
namespace {

using Role = ParameterTraits::Role;
using Shapes = std::map<std::string, Shape>;

Shape ForAnyBatch(const Shape& image) {
  Shape shape = image;
  shape.insert(shape.begin(), kDynamic);
  return shape;
}

Status CheckInput(const Graph& network, const ModelInput& input) {
  const Shape wanted = ForAnyBatch(input.image);
  if (network.inputs.size() == 1 && network.inputs[0].shape == wanted) return Ok();
  std::string found;
  for (const GraphInput& given : network.inputs) found += " '" + given.name + "' " + ToString(given.shape);
  return Invalid("takes" + found + "; the data's images need one input " + ToString(wanted) + " (-1: any batch)");
}

Status CheckOutput(const Graph& network, const ModelInput& input, const Shapes& shapes) {
  // Without classes it is to make images of images.
  Shape wanted = input.image;
  wanted.insert(wanted.begin(), 1);
  if (input.classes > 0) wanted = {1, input.classes};
  const Shape found = network.outputs.empty() ? Shape() : shapes.at(network.outputs[0]);
  if (network.outputs.size() == 1 && found == wanted) return Ok();
  return Invalid("gives " + std::to_string(network.outputs.size()) + " outputs, the first " + ToString(found) +
                 " for an image; " + (input.classes > 0 ? "the data's classes need" : "pictures to sharpen need") +
                 " one output " + ToString(wanted));
}

Node* MakerOf(const std::string& value, Graph* network) {
  for (Node& node : network->nodes) {
    if (std::count(node.outputs.begin(), node.outputs.end(), value) > 0) return &node;
  }
  return nullptr;
}

void DropSoftmax(Graph* network) {
  const Node* last = MakerOf(network->outputs[0], network);
  if (last == nullptr || last->op != "Softmax") return;
  const std::string logits = last->inputs[0];
  if (MakerOf(logits, network) == nullptr || CountReaders(*network, network->outputs[0]) != 1) return;
  network->nodes.erase(network->nodes.begin() + (last - network->nodes.data()));
  network->outputs[0] = logits;
}

void DequantizeWeights(Graph* network) {
  for (auto& [name, parameter] : network->parameters) {
    if (const auto* low_bit = std::get_if<QTensor>(&parameter.value)) parameter.value = Dequantize(*low_bit);
  }
}

// The role of input i of an operator.
Role RoleOf(const std::string& op, size_t i) {
  const bool product = op == "Conv" || op == "Gemm" || op == "ConvTranspose" || op == "MatMul";
  const bool normalizes = op == "LayerNormalization" || op == "InstanceNormalization";
  if (product) return i == 1 ? Role::kWeight : i == 2 ? Role::kBias : Role::kConstant;
  const bool recurrent = op == "LSTM" || op == "GRU" || op == "RNN";
  if (recurrent) return i == 1 || i == 2 ? Role::kWeight : i == 3 || i == 7 ? Role::kBias : Role::kConstant;
  if (op == "BatchNormalization" && i > 2) return Role::kStatistic;
  if (op == "BatchNormalization" || normalizes) return i > 0 ? Role::kBias : Role::kConstant;
  return op == "PRelu" && i == 1 ? Role::kBias : Role::kConstant;
}

// What follows a product without bias as a sum with a constant is its bias.
bool IsAddedToProduct(const Node& node, size_t i, Graph* network) {
  if (node.op != "Add" || node.inputs.size() != 2) return false;
  const Node* maker = MakerOf(node.inputs[1 - i], network);
  return maker != nullptr && (maker->op == "Conv" || maker->op == "Gemm" || maker->op == "MatMul");
}

void AssignRoles(Graph* network) {
  for (const Node& node : network->nodes) {
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const auto parameter = network->parameters.find(node.inputs[i]);
      if (parameter == network->parameters.end()) continue;
      if (!std::holds_alternative<FloatTensor>(parameter->second.value)) continue;
      Role role = RoleOf(node.op, i);
      if (role == Role::kConstant && IsAddedToProduct(node, i, network)) role = Role::kBias;
      if (role != Role::kConstant) parameter->second.traits.role = role;
    }
  }
}

// Nodes that make of pixels what the network takes; none if it takes pixels.
Status Normalize(const ModelInput& input, Graph* network) {
  const size_t nodes = network->nodes.size();
  LOWBIT_RETURN_IF_ERROR(NormalizePixels({false, input.mean, input.scale}, network));
  if (network->nodes.size() == nodes || !NormalizesPixels(*network)) return Ok();
  return Invalid("takes raw pixels, which its own first nodes normalize; set data.normalize = \"none\"");
}

}  // namespace

bool NormalizesPixels(const Graph& network) {
  return network.metadata.count("recipe") + network.metadata.count("pixels") > 0;
}

Result<Graph> AdaptModel(Graph network, const ModelInput& input) {
  LOWBIT_RETURN_IF_ERROR(CheckInput(network, input));
  LOWBIT_TRY(const Shapes shapes, InferShapes(network, 1));
  LOWBIT_RETURN_IF_ERROR(CheckOutput(network, input, shapes));
  DropSoftmax(&network);
  DequantizeWeights(&network);
  AssignRoles(&network);
  LOWBIT_RETURN_IF_ERROR(Normalize(input, &network));
  LOWBIT_RETURN_IF_ERROR(Validate(network));
  return network;
}

}  // namespace lowbit::models
