#include "lowbit/format/c_source/network.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <utility>

#include "lowbit/core/graph_names.h"
#include "lowbit/core/integer_form.h"
#include "lowbit/core/integer_weights.h"
#include "lowbit/core/ops_common/axis.h"
#include "lowbit/core/ops_common/pad_source.h"
#include "lowbit/core/ops_common/pool.h"
#include "lowbit/core/structure.h"
#include "lowbit/core/uniform_grid.h"
#include "lowbit/core/validate.h"

namespace lowbit::c_source {
namespace {

const std::map<std::string, Role>& Roles() {
  static const std::map<std::string, Role> roles = [] {
    std::map<std::string, Role> all = {{"Conv", Role::kProduct},
                                       {"Gemm", Role::kProduct},
                                       {"MaxPool", Role::kPool},
                                       {"AveragePool", Role::kPool},
                                       {"GlobalAveragePool", Role::kMean},
                                       {"ReduceMean", Role::kMean},
                                       {"Flatten", Role::kReshape},
                                       {"Reshape", Role::kReshape},
                                       {"Squeeze", Role::kReshape},
                                       {"Unsqueeze", Role::kReshape},
                                       {"Slice", Role::kSlice},
                                       {"Pad", Role::kPad},
                                       {"Concat", Role::kConcat},
                                       {"DepthToSpace", Role::kDepthToSpace},
                                       {"Gather", Role::kGather},
                                       {"Softmax", Role::kSoftmax}};
    for (const char* op :
         {"Identity", "Dropout",    "Add",     "Sub",  "Mul",      "Div",  "Relu",        "LeakyRelu",
          "PRelu",    "Clip",       "Sigmoid", "Tanh", "Abs",      "Neg",  "HardSigmoid", "Elu",
          "Quant",    "LevelQuant", "Exp",     "Sqrt", "Softplus", "Sign", "HardSwish",   "BipolarQuant"}) {
      all[op] = Role::kElementwise;
    }
    return all;
  }();
  return roles;
}

// An output that is read as well becomes a copy of its own, which nothing reads.
void CopyOutputs(Graph* form) {
  GraphNames names(*form);
  for (std::string& output : form->outputs) {
    if (CountReaders(*form, output) == 1) continue;
    const std::string copy = names.Unique(output + "/copy");
    form->nodes.push_back({copy, "Identity", {output}, {copy}, {}});
    output = copy;
  }
}

// Products read images whose channels lie side by side; the network's input does not, so they get a copy of it.
void CopyInputForProducts(Graph* form) {
  GraphNames names(*form);
  const std::string input = form->inputs[0].name, copy = names.Unique(input + "/copy");
  bool needed = false;
  for (Node& node : form->nodes) {
    const auto role = RoleOf(node.op);
    if ((role != Role::kProduct && role != Role::kReshape && role != Role::kSoftmax) || node.inputs[0] != input)
      continue;
    node.inputs[0] = copy;
    needed = true;
  }
  if (needed) form->nodes.insert(form->nodes.begin(), {copy, "Identity", {input}, {copy}, {}});
}

Range Union(const Range& a, const Range& b) { return {std::min(a.low, b.low), std::max(a.high, b.high)}; }

bool AllOnes(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [](float value) { return value == 1; });
}

}  // namespace

std::optional<Role> RoleOf(const std::string& op) {
  const auto found = Roles().find(op);
  return found == Roles().end() ? std::nullopt : std::optional<Role>(found->second);
}

Result<Network> Network::Make(const Graph& graph) {
  LOWBIT_RETURN_IF_ERROR(Validate(graph));
  if (graph.inputs.size() != 1) {
    return Invalid("the network has " + std::to_string(graph.inputs.size()) + " inputs; C is written for one");
  }
  Network network;
  LOWBIT_TRY(Graph form, ToIntegerForm(graph));
  CopyInputForProducts(&form);
  CopyOutputs(&form);
  network.form_ = std::make_unique<Graph>(std::move(form));
  LOWBIT_TRY(network.shapes_, InferShapes(*network.form_, 1));
  for (const Node& node : network.form_->nodes) {
    network.makers_[node.outputs[0]] = &node;
    for (const std::string& input : node.inputs) {
      std::vector<const Node*>& readers = network.readers_[input];
      if (readers.empty() || readers.back() != &node) readers.push_back(&node);
    }
  }
  LOWBIT_RETURN_IF_ERROR(network.Check());
  network.FindRanges();
  return network;
}

const Node* Network::Maker(const std::string& value) const {
  const auto found = makers_.find(value);
  return found == makers_.end() ? nullptr : found->second;
}

const std::vector<const Node*>& Network::Readers(const std::string& value) const {
  static const std::vector<const Node*> none;
  const auto found = readers_.find(value);
  return found == readers_.end() ? none : found->second;
}

bool Network::IsOutput(const std::string& value) const {
  return std::count(form_->outputs.begin(), form_->outputs.end(), value) != 0;
}

Extents Network::ExtentsOf(const std::string& value) const {
  const Shape& shape = shapes_.at(value);
  if (shape.size() == 4) return {shape[1], shape[2], shape[3]};
  return {shape[1], 1, 1};
}

std::optional<Range> Network::RangeOf(const std::string& value) const {
  const auto found = ranges_.find(value);
  return found == ranges_.end() ? std::nullopt : std::optional<Range>(found->second);
}

Element Network::ElementOf(const std::string& value) const {
  const std::optional<Range> range = RangeOf(value);
  return range.has_value() ? ElementFor(*range) : Element::kF32;
}

const FloatTensor* Network::Floats(const std::string& name) const {
  const auto found = form_->parameters.find(name);
  return found == form_->parameters.end() ? nullptr : std::get_if<FloatTensor>(&found->second.value);
}

const Int64Tensor* Network::Integers(const std::string& name) const {
  const auto found = form_->parameters.find(name);
  return found == form_->parameters.end() ? nullptr : std::get_if<Int64Tensor>(&found->second.value);
}

const std::string& Network::ProductSource(const Node& product) const {
  const std::string* source = &product.inputs[0];
  while (true) {
    const Node* maker = Maker(*source);
    if (maker == nullptr || RoleOf(maker->op) != Role::kReshape) return *source;
    source = &maker->inputs[0];
  }
}

Status Network::Check() const {
  for (const std::string& output : form_->outputs) {
    if (Maker(output) == nullptr) return Invalid("output '" + output + "' is computed by no node");
  }
  for (const Node& node : form_->nodes) {
    if (!RoleOf(node.op).has_value()) return Invalid(NodePrefix(node) + "no C is written for this operator");
  }
  const auto fits = [](const Shape& shape) { return (shape.size() == 2 || shape.size() == 4) && shape[0] == 1; };
  const std::string expected = "; C is written for images [1, channels, height, width] and vectors [1, features]";
  if (!fits(ShapeOf(Input())))
    return Invalid("input '" + Input() + "' has shape " + ToString(ShapeOf(Input())) + expected);
  for (const Node& node : form_->nodes) {
    if (!fits(ShapeOf(node.outputs[0]))) {
      return Invalid(NodePrefix(node) + "its value has shape " + ToString(ShapeOf(node.outputs[0])) + expected);
    }
    LOWBIT_RETURN_IF_ERROR(Check(node));
  }
  return Ok();
}

Status Network::Check(const Node& node) const {
  const auto refuse = [&](const std::string& what) { return Status(Invalid(NodePrefix(node) + what)); };
  for (size_t i = 1; i < node.outputs.size(); ++i) {
    if (!node.outputs[i].empty() && (!Readers(node.outputs[i]).empty() || IsOutput(node.outputs[i]))) {
      return refuse("no C is written for its output " + std::to_string(i));
    }
  }
  if (IsParameter(node.inputs[0]) && node.inputs.size() == 1) return refuse("it computes a constant");
  const Role role = *RoleOf(node.op);
  if (role == Role::kProduct || node.op == "PRelu" || node.op == "Clip") {
    for (size_t i = 1; i < node.inputs.size(); ++i) {
      if (!node.inputs[i].empty() && !IsParameter(node.inputs[i])) return refuse("its weights must be parameters");
    }
  }
  if (node.op == "Gemm" && (FloatAttribute(node, "alpha", 1) != 1 || FloatAttribute(node, "beta", 1) != 1 ||
                            IntAttribute(node, "transA", 0) != 0)) {
    return refuse("no C is written for alpha, beta and transA");
  }
  if (node.op == "Quant" && (Floats(node.inputs[1])->data[0] != 1 || Floats(node.inputs[3])->data[0] > 16)) {
    return refuse("no C is written for more than 16 bits or for scales so small");
  }
  if ((node.op == "LevelQuant" || node.op == "BipolarQuant") && Floats(node.inputs[1])->data[0] != 1) {
    return refuse("no C is written for scales so small");
  }
  if (node.op == "AveragePool" && IntAttribute(node, "count_include_pad", 0) != 0) {
    const ops::Window window = ops::ResolvePool(node, ShapeOf(node.inputs[0])).value();
    const auto beyond = [](const ops::WindowAxis& axis) {
      return axis.At(axis.output - 1, axis.kernel - 1) >= axis.input + axis.pad_end;
    };
    if (beyond(window.y) || beyond(window.x))
      return refuse("no C is written for count_include_pad and windows beyond the padding");
  }
  if (role == Role::kElementwise) {
    for (const std::string& input : node.inputs) {
      if (input.empty() || IsParameter(input) || ShapeOf(input).size() == ShapeOf(node.outputs[0]).size()) continue;
      return refuse("no C is written for values of different ranks");
    }
  }
  const auto axis = [&](int64_t otherwise) {
    return ops::ResolveAxis(IntAttribute(node, "axis", otherwise), ShapeOf(node.inputs[0]).size()).value();
  };
  if (node.op == "ReduceMean" && !IsOverPixels(node)) return refuse("C is written for means over all pixels only");
  if (role == Role::kGather &&
      (axis(0) != 1 || Floats(node.inputs[1]) == nullptr || ShapeOf(node.inputs[1]).size() != 1)) {
    return refuse("it looks up something else than channels in a fixed order");
  }
  if (role == Role::kSoftmax && (axis(-1) != 1 || ExtentsOf(node.inputs[0]).Pixels() != 1)) {
    return refuse("C is written for Softmax of vectors [1, features] only");
  }
  if (role == Role::kConcat) {
    if (axis(1) != 1) return refuse("it joins something else than channels");
    for (const std::string& input : node.inputs) {
      if (IsParameter(input)) return refuse("it joins a parameter");
    }
  }
  if (role == Role::kPad) {
    if (ops::PadModeOf(node).value() != ops::PadMode::kConstant) return refuse("no C is written for this mode");
    if (HasInput(node, 2) && Floats(node.inputs[2]) == nullptr) return refuse("its constant must be a parameter");
  }
  return Ok();
}

bool Network::IsOverPixels(const Node& mean) const {
  const Int64Tensor* list = mean.inputs.size() > 1 ? Integers(mean.inputs[1]) : nullptr;
  if (list == nullptr || ShapeOf(mean.inputs[0]).size() != 4) return false;
  const Result<std::vector<size_t>> axes = ops::ResolveAxes(list->data, 4);
  return axes.ok() && axes.value() == std::vector<size_t>{2, 3};
}

void Network::FindRanges() {
  for (const Node& node : form_->nodes) {
    if (const std::optional<Range> range = RangeOf(node); range.has_value()) ranges_[node.outputs[0]] = *range;
  }
}

std::optional<Range> Network::RangeOf(const Node& node) const {
  const auto constant = [&](size_t input) { return Floats(node.inputs[input])->data[0]; };
  const std::optional<Range> in = RangeOf(node.inputs[0]);
  if (node.op == "BipolarQuant" && constant(1) == 1) return Range{-1, 1};
  if (node.op == "LevelQuant" && constant(1) == 1) {
    const std::vector<float>& levels = Floats(node.inputs[3])->data;
    return Range{static_cast<int64_t>(levels.front()), static_cast<int64_t>(levels.back())};
  }
  if (node.op == "Quant" && constant(1) == 1) {
    const UniformGrid grid = MakeUniformGrid(node, 1, constant(2), constant(3)).value();
    const auto end = [&](double q) { return static_cast<int64_t>(q - grid.zero_point); };
    return Range{end(grid.low), end(grid.high)};
  }
  if (!in.has_value() || IsQuantizer(node)) return std::nullopt;
  switch (*RoleOf(node.op)) {
    case Role::kElementwise:
      if (node.op == "Identity" || node.op == "Dropout") return in;
      if (node.op == "Relu") return Range{std::max<int64_t>(in->low, 0), std::max<int64_t>(in->high, 0)};
      return std::nullopt;
    case Role::kPool:
      return node.op == "MaxPool" ? in : std::nullopt;
    case Role::kReshape:
    case Role::kSlice:
    case Role::kDepthToSpace:
    case Role::kGather:
      return in;
    case Role::kPad: {
      const float fill = HasInput(node, 2) ? constant(2) : 0;
      if (fill != std::nearbyint(fill) || std::abs(fill) > 32767) return std::nullopt;
      return Union(*in, {static_cast<int64_t>(fill), static_cast<int64_t>(fill)});
    }
    case Role::kConcat: {
      Range all = *in;
      for (const std::string& input : node.inputs) {
        if (!RangeOf(input).has_value()) return std::nullopt;
        all = Union(all, *RangeOf(input));
      }
      return all;
    }
    case Role::kProduct: {
      const auto* weights = std::get_if<QTensor>(&form_->parameters.at(node.inputs[1]).value);
      if (weights == nullptr || HasInput(node, 2) || !AllOnes(weights->scales)) return std::nullopt;
      const std::optional<IntegerValues> integers = AsIntegers(weights->values);
      const int64_t magnitude = std::max(std::abs(in->low), std::abs(in->high));
      const bool rows = node.op == "Conv" || IntAttribute(node, "transB", 0) != 0;
      if (!integers.has_value() || integers->factor != 1 || !SumsFit(*weights, *integers, rows, magnitude))
        return std::nullopt;
      const int64_t limit = std::numeric_limits<int32_t>::max();
      return Range{-limit, limit};
    }
    case Role::kMean:
    case Role::kSoftmax:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace lowbit::c_source
