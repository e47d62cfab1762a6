#include "lowbit/core/integer_form.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "lowbit/core/channel_affine.h"
#include "lowbit/core/graph_names.h"
#include "lowbit/core/integer_weights.h"
#include "lowbit/core/recurrence.h"
#include "lowbit/core/recurrent_form.h"
#include "lowbit/core/uniform_grid.h"
#include "lowbit/core/validate.h"

namespace lowbit {
namespace {

using Shapes = std::map<std::string, Shape>;

// A value of the old graph as the new one has it: scale * <value `name`>.
struct Coded {
  std::string name;
  double scale = 1;
  int64_t magnitude = 0;  // Of the largest integer; 0: these are no integers (an average of some).
};

// Operators that give the integers' result on integers: order, choice and zeros only.
bool KeepsIntegers(const std::string& op) {
  static const std::set<std::string> names = {"Identity", "Dropout", "Relu",   "MaxPool",  "Flatten",
                                              "Reshape",  "Slice",   "Concat", "Transpose"};
  return names.count(op) != 0;
}

// Operators that are linear in their input, but do not keep integers.
bool KeepsScale(const std::string& op) { return op == "AveragePool" || op == "GlobalAveragePool"; }

// One value for each channel, in the shape in which it broadcasts to a value of that rank.
FloatTensor ChannelTensor(const std::vector<double>& values, size_t rank) {
  Shape shape(rank < 2 ? 1 : rank - 1, 1);
  shape[0] = static_cast<int64_t>(values.size());
  return FloatTensor(shape, std::vector<float>(values.begin(), values.end()));
}

bool IsFloat(double value) {
  return std::isnormal(static_cast<float>(value)) && std::isnormal(1 / static_cast<float>(value));
}

class Rewriter {
 public:
  Rewriter(const Graph& graph, const Shapes& shapes)
      : in_(graph), shapes_(shapes), names_(graph), done_(graph.nodes.size(), false) {
    out_.name = graph.name;
    out_.inputs = graph.inputs;
    out_.outputs = graph.outputs;
    out_.metadata = graph.metadata;
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
      for (const std::string& input : graph.nodes[i].inputs) consumers_[input].push_back(i);
    }
  }

  Graph Run() {
    for (size_t i = 0; i < in_.nodes.size(); ++i) {
      if (!done_[i]) Rewrite(i);
    }
    for (const std::string& output : in_.outputs) Keep(Real(output));
    return std::move(out_);
  }

 private:
  void Rewrite(size_t index) {
    const Node& node = in_.nodes[index];
    if (IsQuantizer(node) && RewriteQuantizer(node)) return;
    if ((node.op == "Conv" || node.op == "Gemm") && RewriteProduct(index)) return;
    if (node.op == "BatchNormalization" && RewriteBatchNorm(index)) return;
    if (node.op == "Recurrence" && RewriteRecurrence(node)) return;
    if ((KeepsIntegers(node.op) || KeepsScale(node.op)) && RewriteOnCodes(node)) return;
    CopyNode(node);
  }

  // --- Names and parts of the new graph.

  // The parameter of the old graph is one of the new graph too.
  const std::string& Keep(const std::string& name) {
    const auto parameter = in_.parameters.find(name);
    if (parameter != in_.parameters.end()) out_.parameters.insert(*parameter);
    return name;
  }

  std::string AddConstant(const std::string& wish, FloatTensor tensor) {
    std::string name = names_.Unique(wish);
    out_.parameters[name].value = std::move(tensor);
    return name;
  }

  void Emit(const std::string& name, const std::string& op, std::vector<std::string> inputs, const std::string& output,
            Attributes attributes = {}) {
    for (const std::string& input : inputs) Keep(input);
    out_.nodes.push_back({name, op, std::move(inputs), {output}, std::move(attributes)});
  }

  void CopyNode(const Node& node) {
    Node copy = node;
    for (std::string& input : copy.inputs) input = Keep(Real(input));
    out_.nodes.push_back(std::move(copy));
  }

  // The value itself, made of its integers where only those are there.
  std::string Real(const std::string& value) {
    const auto coded = coded_.find(value);
    if (coded == coded_.end() || coded->second.name == value || !real_.insert(value).second) return value;
    const std::string scale = AddConstant(value + "/unit", FloatTensor({}, {static_cast<float>(coded->second.scale)}));
    Emit(names_.Unique(value + "/value"), "Mul", {coded->second.name, scale}, value);
    return value;
  }

  // --- Quantizers.

  const FloatTensor* FindFloats(const std::string& name) const {
    const auto parameter = in_.parameters.find(name);
    return parameter == in_.parameters.end() ? nullptr : std::get_if<FloatTensor>(&parameter->second.value);
  }

  double Scalar(const std::string& name) const { return FindFloats(name)->data[0]; }

  int64_t Magnitude(const Node& node) const {
    if (node.op == "BipolarQuant") return 1;
    if (node.op == "LevelQuant") {
      const std::vector<float>& levels = FindFloats(node.inputs[3])->data;
      return static_cast<int64_t>(std::max(std::abs(levels.front()), std::abs(levels.back())));
    }
    const UniformGrid grid =
        MakeUniformGrid(node, Scalar(node.inputs[1]), Scalar(node.inputs[2]), Scalar(node.inputs[3])).value();
    return static_cast<int64_t>(std::max(std::abs(grid.low - grid.zero_point), std::abs(grid.high - grid.zero_point)));
  }

  bool RewriteQuantizer(const Node& node) {
    const double scale = Scalar(node.inputs[1]);
    if (!IsFloat(scale)) return false;
    const std::string& output = node.outputs[0];
    std::vector<std::string> inputs = node.inputs;
    inputs[0] = Real(inputs[0]);
    if (scale == 1) {
      Emit(node.name, node.op, inputs, output, node.attributes);
      coded_[output] = {output, 1, Magnitude(node)};
      return true;
    }
    const std::string codes = names_.Unique(output + "/codes"), scaled = names_.Unique(output + "/scaled");
    if (node.op != "BipolarQuant") {
      const std::string inverse = AddConstant(node.name + "/inverse", FloatTensor({}, {static_cast<float>(1 / scale)}));
      Emit(names_.Unique(node.name + "/rescale"), "Mul", {inputs[0], inverse}, scaled);
      inputs[0] = scaled;
    }
    inputs[1] = AddConstant(node.name + "/one", FloatTensor({}, {1}));
    Emit(node.name, node.op, inputs, codes, node.attributes);
    coded_[output] = {codes, scale, Magnitude(node)};
    return true;
  }

  // --- Operators that work on integers as well.

  // The common scale of the node's data inputs; null if one of them is not coded, or with another scale.
  const Coded* CommonCode(const Node& node) const {
    const size_t data = node.op == "Concat" ? node.inputs.size() : 1;
    const Coded* common = nullptr;
    for (size_t i = 0; i < data; ++i) {
      const auto coded = coded_.find(node.inputs[i]);
      if (coded == coded_.end() || (common != nullptr && coded->second.scale != common->scale)) return nullptr;
      if (common == nullptr || coded->second.magnitude > common->magnitude) common = &coded->second;
    }
    return common;
  }

  bool RewriteOnCodes(const Node& node) {
    const Coded* common = CommonCode(node);
    if (common == nullptr || node.outputs.size() != 1) return false;
    Node copy = node;
    for (std::string& input : copy.inputs) {
      const auto coded = coded_.find(input);
      if (coded != coded_.end()) input = coded->second.name;
      Keep(input);
    }
    const std::string& output = node.outputs[0];
    Coded result = {common->scale == 1 ? output : names_.Unique(output + "/codes"), common->scale,
                    KeepsScale(node.op) ? 0 : common->magnitude};
    copy.outputs[0] = result.name;
    out_.nodes.push_back(std::move(copy));
    coded_[output] = std::move(result);
    return true;
  }

  // --- Products.

  // What follows a product, by channels.
  struct Chain {
    std::string output;
    ChannelAffine affine;
  };

  // Appends arithmetic by channels for as long as nobody else reads the chain's output.
  void Follow(Chain* chain) {
    const auto find = [this](const std::string& name) { return FindFloats(name); };
    const auto is_output = [&] {
      return std::find(in_.outputs.begin(), in_.outputs.end(), chain->output) != in_.outputs.end();
    };
    while (!is_output()) {
      const std::vector<size_t>& readers = consumers_[chain->output];
      if (readers.size() != 1) return;
      const Node& next = in_.nodes[readers[0]];
      if (next.outputs.size() != 1) return;
      if (!AppendAffine(next, chain->output, shapes_.at(chain->output), find, &chain->affine)) return;
      chain->output = next.outputs[0];
      done_[readers[0]] = true;
    }
  }

  // output = input * scale + shift.
  void EmitAffine(const std::string& name, const std::string& input, const Chain& chain) {
    const size_t rank = shapes_.at(chain.output).size();
    const std::string scale = AddConstant(name + "/scale", ChannelTensor(chain.affine.scale, rank));
    const std::vector<double>& shift = chain.affine.shift;
    if (std::all_of(shift.begin(), shift.end(), [](double v) { return v == 0; })) {
      return Emit(names_.Unique(name + "/mul"), "Mul", {input, scale}, chain.output);
    }
    const std::string scaled = names_.Unique(name + "/scaled");
    Emit(names_.Unique(name + "/mul"), "Mul", {input, scale}, scaled);
    Emit(names_.Unique(name + "/add"), "Add", {scaled, AddConstant(name + "/shift", ChannelTensor(shift, rank))},
         chain.output);
  }

  // The bias as one value for each channel; zeros if there is none.
  bool ReadBias(const Node& node, int64_t channels, double factor, std::vector<double>* bias) const {
    bias->assign(static_cast<size_t>(channels), 0.0);
    if (!HasInput(node, 2)) return true;
    const FloatTensor* given = FindFloats(node.inputs[2]);
    if (given == nullptr) return false;
    if (node.op == "Conv") {
      bias->assign(given->data.begin(), given->data.end());
    } else if (!ChannelConstant(given, {1, channels}, bias)) {
      return false;
    }
    for (double& value : *bias) value *= factor;
    return true;
  }

  // The weights of a product by output channel, and their integers.
  struct Weights {
    const QTensor* tensor = nullptr;
    IntegerValues values;
    bool rows_are_channels = true;
  };

  bool ReadWeights(const Node& node, Weights* weights) const {
    const auto parameter = in_.parameters.find(node.inputs[1]);
    if (parameter == in_.parameters.end()) return false;
    weights->tensor = std::get_if<QTensor>(&parameter->second.value);
    if (weights->tensor == nullptr) return false;
    const std::optional<IntegerValues> values = AsIntegers(weights->tensor->values);
    if (!values.has_value()) return false;
    weights->values = *values;
    weights->rows_are_channels = node.op == "Conv" || IntAttribute(node, "transB", 0) != 0;
    return weights->rows_are_channels || weights->tensor->scales.size() == 1;
  }

  bool RewriteProduct(size_t index) {
    const Node& node = in_.nodes[index];
    const auto coded = coded_.find(node.inputs[0]);
    if (coded == coded_.end() || coded->second.magnitude == 0 || IntAttribute(node, "transA", 0) != 0) return false;
    Weights weights;
    if (!ReadWeights(node, &weights)) return false;
    if (!SumsFit(*weights.tensor, weights.values, weights.rows_are_channels, coded->second.magnitude)) return false;

    Chain chain = {node.outputs[0], ChannelAffine::Identity(shapes_.at(node.outputs[0])[1])};
    if (!ReadBias(node, shapes_.at(node.outputs[0])[1], FloatAttribute(node, "beta", 1), &chain.affine.shift)) {
      return false;
    }
    const double factor = FloatAttribute(node, "alpha", 1) * coded->second.scale * weights.values.factor;
    for (size_t c = 0; c < chain.affine.scale.size(); ++c) {
      const QTensor& tensor = *weights.tensor;
      chain.affine.scale[c] = factor * tensor.Scale(weights.rows_are_channels ? static_cast<int64_t>(c) : 0);
    }
    EmitProduct(node, coded->second.name, weights, std::move(chain));
    return true;
  }

  // The same weights as integers with scale 1.
  std::string AddIntegers(const std::string& of, QTensor tensor, const IntegerValues& values) {
    tensor.scales = {1};
    if (!tensor.values.table.empty()) tensor.values.table.assign(values.integers.begin(), values.integers.end());
    tensor.values.storage = ValueSet::Storage::kFloat32;
    tensor.values.table_scales.clear();
    std::string weight = names_.Unique(of + "/codes");
    out_.parameters[weight].value = std::move(tensor);
    return weight;
  }

  void EmitProduct(const Node& node, const std::string& codes, const Weights& weights, Chain chain) {
    const std::string weight = AddIntegers(node.inputs[1], *weights.tensor, weights.values);
    Attributes attributes = node.attributes;
    attributes.erase("alpha");
    attributes.erase("beta");
    Follow(&chain);
    const std::string sum = names_.Unique(node.outputs[0] + "/sum");
    Emit(node.name, node.op, {codes, weight}, sum, std::move(attributes));
    EmitAffine(node.name, sum, chain);
  }

  // --- Recurrences with a quantized state.

  // R, whose vectors of a codebook do not run across rows. Nothing if its values are no integers.
  static std::optional<QTensor> ReadStateWeights(const QTensor& tensor, int64_t hidden) {
    if (hidden % tensor.values.block != 0) return AsSingleIntegers(tensor);
    return AsIntegers(tensor.values).has_value() ? std::optional<QTensor>(tensor) : std::nullopt;
  }

  bool RewriteRecurrence(const Node& node) {
    const auto parameter = in_.parameters.find(node.inputs[1]);
    if (!QuantizesState(node) || HasInput(node, 2) || parameter == in_.parameters.end()) return false;
    const QTensor* given = std::get_if<QTensor>(&parameter->second.value);
    if (given == nullptr) return false;
    const Recurrence r = ReadRecurrence(node, shapes_.at(node.inputs[0]), given->shape).value();
    const std::optional<QTensor> tensor = ReadStateWeights(*given, r.hidden);
    if (!tensor.has_value()) return false;
    const IntegerValues values = AsIntegers(tensor->values).value();
    if (!StateSumsFit(*tensor, values, r.HiddenSteps())) return false;
    FloatTensor scales({r.directions, r.Rows()}, {});
    for (int64_t row = 0; row < r.directions * r.Rows(); ++row) {
      scales.data.push_back(static_cast<float>(r.hidden_scale * values.factor * tensor->Scale(row / r.Rows())));
    }
    Node copy = node;
    copy.inputs.resize(std::max<size_t>(copy.inputs.size(), 3));
    copy.inputs[1] = AddIntegers(node.inputs[1], *tensor, values);
    copy.inputs[2] = AddConstant(node.name + "/scale", std::move(scales));
    for (std::string& input : copy.inputs) input = Keep(Real(input));
    out_.nodes.push_back(std::move(copy));
    return true;
  }

  bool RewriteBatchNorm(size_t index) {
    const Node& node = in_.nodes[index];
    const Shape& shape = shapes_.at(node.inputs[0]);
    if (shape.size() < 2 || node.outputs.size() != 1) return false;
    Chain chain = {node.outputs[0], ChannelAffine::Identity(shape[1])};
    const auto find = [this](const std::string& name) { return FindFloats(name); };
    if (!AppendAffine(node, node.inputs[0], shape, find, &chain.affine)) return false;
    const std::string input = Real(node.inputs[0]);
    Follow(&chain);
    EmitAffine(node.name, input, chain);
    return true;
  }

  const Graph& in_;
  const Shapes& shapes_;
  Graph out_;
  std::map<std::string, std::vector<size_t>> consumers_;
  GraphNames names_;
  std::set<std::string> real_;
  std::map<std::string, Coded> coded_;
  std::vector<bool> done_;
};

}  // namespace

bool IsQuantizer(const Node& node) {
  return node.op == "Quant" || node.op == "BipolarQuant" || node.op == "LevelQuant";
}

bool QuantizesActivations(const Graph& graph) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(),
                     [](const Node& node) { return IsQuantizer(node) || QuantizesState(node); });
}

Result<Graph> ToIntegerForm(const Graph& graph) {
  LOWBIT_RETURN_IF_ERROR(Validate(graph));
  const Graph split = ToRecurrences(graph);
  LOWBIT_TRY(const Shapes shapes, InferShapes(split, 1));
  return Rewriter(split, shapes).Run();
}

}  // namespace lowbit
