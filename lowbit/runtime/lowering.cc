#include <algorithm>
#include <limits>

#include "lowbit/core/integer_form.h"
#include "lowbit/runtime/step.h"

namespace lowbit::runtime {
namespace {

std::vector<float> ToFloat(const std::vector<double>& values) { return {values.begin(), values.end()}; }

bool AllAre(double value, const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [value](double v) { return v == value; });
}

// Whether x * scale + shift with two roundings is still what the nodes compute one after the other.
bool StaysExact(const std::string& op, const ChannelAffine& before) {
  if (op == "Mul") return AllAre(1, before.scale) && AllAre(0, before.shift);
  return (op == "Add" || op == "Sub") && AllAre(0, before.shift);
}

}  // namespace

Epilogue Fusion::Rounded() const {
  Epilogue epilogue;
  epilogue.scale = ToFloat(affine.scale);
  epilogue.shift = ToFloat(affine.shift);
  epilogue.slope = ToFloat(slope);
  epilogue.low = static_cast<float>(low);
  epilogue.high = static_cast<float>(high);
  return epilogue;
}

void Fusion::MultiplyScales(const WeightSource& source, double factor) {
  const QTensor* tensor = std::get_if<QTensor>(&source.parameter->value);
  for (int64_t row = source.first_row; row < source.first_row + source.rows; ++row) {
    const double own = tensor == nullptr ? 1.0 : tensor->Scale(source.transposed ? 0 : row);
    affine.scale[static_cast<size_t>(row)] *= factor * own;
  }
}

Lowering::Lowering(const Graph& graph, const std::map<std::string, Shape>& shapes,
                   const std::map<std::string, Parameter>& constants, bool takes_any_batch)
    : graph_(graph),
      shapes_(shapes),
      constants_(constants),
      done_(graph.nodes.size(), false),
      exact_(QuantizesActivations(graph)),
      takes_any_batch_(takes_any_batch) {
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    for (const std::string& input : graph.nodes[i].inputs) consumers_[input].push_back(i);
    for (const std::string& output : graph.nodes[i].outputs) producers_[output] = i;
  }
  FindBytes();
}

const Parameter* Lowering::Constant(const std::string& value) const {
  const auto parameter = graph_.parameters.find(value);
  if (parameter != graph_.parameters.end()) return &parameter->second;
  const auto folded = constants_.find(value);
  return folded == constants_.end() ? nullptr : &folded->second;
}

const FloatTensor* Lowering::FloatConstant(const std::string& value) const {
  const Parameter* parameter = Constant(value);
  return parameter == nullptr ? nullptr : std::get_if<FloatTensor>(&parameter->value);
}

int Lowering::Number(const std::string& value) {
  const auto alias = aliases_.find(value);
  if (alias != aliases_.end()) return Number(alias->second);
  const auto [entry, added] = numbers_.try_emplace(value, value_count());
  const int64_t elements = Elements(ShapeOf(value));
  if (added) floats_.push_back(value.find('\n') == std::string::npos ? elements : (elements + 3) / 4);
  return entry->second;
}

void Lowering::Alias(const std::string& value, const std::string& of) {
  LOWBIT_CHECK(numbers_.empty());
  aliases_[value] = of;
}

bool Lowering::IsGraphOutput(const std::string& value) const {
  return std::find(graph_.outputs.begin(), graph_.outputs.end(), value) != graph_.outputs.end();
}

void Lowering::MarkDone(const std::vector<size_t>& nodes) {
  for (const size_t node : nodes) done_[node] = true;
}

Shape Lowering::ChannelShape(const std::string& value) const {
  const Shape& shape = ShapeOf(value);
  return shape.size() == 2 || shape.size() == 4 ? shape : Shape{Elements(shape), 1};
}

Fusion Lowering::StartFusion(const std::string& value) const {
  Fusion fusion;
  fusion.output = value;
  fusion.affine = ChannelAffine::Identity(ChannelShape(value)[1]);
  fusion.low = -std::numeric_limits<double>::infinity();
  fusion.high = std::numeric_limits<double>::infinity();
  return fusion;
}

bool Lowering::AbsorbAffine(const Node& node, Fusion* fusion) const {
  if (!fusion->residual.empty()) return false;
  if (exact_ && !StaysExact(node.op, fusion->affine)) return false;
  const Shape shape = ChannelShape(fusion->output);
  if (node.op == "BatchNormalization" && shape != ShapeOf(fusion->output)) return false;
  const auto find = [this](const std::string& name) { return FloatConstant(name); };
  return AppendAffine(node, fusion->output, shape, find, &fusion->affine);
}

bool Lowering::AbsorbResidual(const Node& node, Fusion* fusion) const {
  if (node.op != "Add" || node.inputs[0] == node.inputs[1] || !fusion->residual.empty()) return false;
  const std::string& other = node.inputs[node.inputs[0] == fusion->output ? 1 : 0];
  if (Constant(other) != nullptr || ShapeOf(other) != ShapeOf(fusion->output)) return false;
  fusion->residual = other;
  return true;
}

bool Lowering::AbsorbActivation(const Node& node, Fusion* fusion) const {
  if (node.inputs[0] != fusion->output) return false;
  if (node.op == "Relu") {
    fusion->low = 0;
  } else if (node.op == "Clip") {
    double limits[2] = {fusion->low, fusion->high};
    for (size_t i = 0; i < 2; ++i) {
      if (!HasInput(node, i + 1)) continue;
      const FloatTensor* limit = FloatConstant(node.inputs[i + 1]);
      if (limit == nullptr || limit->data.size() != 1) return false;
      limits[i] = limit->data[0];
    }
    fusion->low = limits[0];
    fusion->high = limits[1];
  } else if (node.op == "LeakyRelu") {
    // The definition multiplies by a double. Where that is a float, a float product has its bits.
    const double alpha = FloatAttribute(node, "alpha", 0.01);
    if (exact_ && static_cast<double>(static_cast<float>(alpha)) != alpha) return false;
    fusion->slope.assign(static_cast<size_t>(ChannelShape(fusion->output)[1]), alpha);
  } else if (!ChannelConstant(FloatConstant(node.inputs[1]), ChannelShape(fusion->output), &fusion->slope)) {
    return false;
  }
  fusion->activated = true;
  return true;
}

bool Lowering::Absorb(size_t index, Fusion* fusion) const {
  const Node& node = graph_.nodes[index];
  if (fusion->activated || node.outputs.size() != 1) return false;
  bool absorbed = AbsorbAffine(node, fusion) || AbsorbResidual(node, fusion);
  const bool activation = node.op == "Relu" || node.op == "Clip" || node.op == "PRelu" || node.op == "LeakyRelu";
  if (activation) absorbed = AbsorbActivation(node, fusion);
  if (!absorbed) return false;
  fusion->output = node.outputs[0];
  fusion->nodes.push_back(index);
  return true;
}

void Lowering::AbsorbConsumers(Fusion* fusion) const {
  for (size_t next; (next = OnlyReader(fusion->output)) < done_.size();) {
    if (Done(next) || !Absorb(next, fusion)) return;
  }
}

size_t Lowering::OnlyReader(const std::string& value) const {
  const auto consumers = consumers_.find(value);
  const bool one = consumers != consumers_.end() && consumers->second.size() == 1 && !IsGraphOutput(value);
  return one ? consumers->second[0] : done_.size();
}

std::optional<size_t> Lowering::Producer(const std::string& value) const {
  const auto producer = producers_.find(value);
  if (producer == producers_.end()) return std::nullopt;
  return producer->second;
}

Fusion Lowering::FuseProduct(size_t node, const std::vector<double>& bias, bool takes_bytes) const {
  Fusion fusion = StartFusion(graph_.nodes[node].outputs[0]);
  fusion.nodes.push_back(node);
  fusion.affine.shift = bias;
  AbsorbConsumers(&fusion);
  if (takes_bytes) AbsorbByteResidual(&fusion);
  return fusion;
}

}  // namespace lowbit::runtime
