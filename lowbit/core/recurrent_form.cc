#include "lowbit/core/recurrent_form.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "lowbit/core/graph_names.h"
#include "lowbit/core/integer_weights.h"
#include "lowbit/core/recurrence.h"
#include "lowbit/core/validate.h"

namespace lowbit {
namespace {

using Shapes = std::map<std::string, Shape>;

bool IsRecurrent(const Node& node) { return node.op == "RNN" || node.op == "GRU" || node.op == "LSTM"; }

// [directions, rows, columns] as a matrix.
FloatTensor MatrixOf(FloatTensor tensor) {
  tensor.shape = {tensor.shape[0] * tensor.shape[1], tensor.shape[2]};
  return tensor;
}

Parameter MatrixOf(const Parameter& parameter) {
  Parameter matrix = parameter;
  if (const auto* floats = std::get_if<FloatTensor>(&parameter.value)) {
    matrix.value = MatrixOf(*floats);
    return matrix;
  }
  QTensor tensor = std::get<QTensor>(parameter.value);
  const int64_t rows = tensor.shape[1], columns = tensor.shape[2];
  if (columns % tensor.values.block != 0) {
    std::optional<QTensor> single = AsSingleIntegers(tensor);
    if (!single.has_value()) {
      matrix.value = MatrixOf(Dequantize(tensor));
      return matrix;
    }
    tensor = std::move(*single);
  }
  std::vector<float> scales;
  for (const float scale : tensor.scales) scales.insert(scales.end(), static_cast<size_t>(rows), scale);
  if (tensor.scales.size() > 1) tensor.scales = std::move(scales);
  tensor.shape = {tensor.shape[0] * rows, columns};
  matrix.value = std::move(tensor);
  return matrix;
}

class Splitter {
 public:
  Splitter(const Graph& graph, Shapes one, Shapes two)
      : names_(graph), out_(graph), one_(std::move(one)), two_(std::move(two)) {}

  Graph Run() {
    const std::vector<Node> nodes = std::move(out_.nodes);
    out_.nodes.clear();
    for (const Node& node : nodes) {
      if (IsRecurrent(node) && CanSplit(node)) {
        Split(node);
      } else {
        out_.nodes.push_back(node);
      }
    }
    DropUnread();
    return std::move(out_);
  }

 private:
  const Parameter* Find(const std::string& name) const {
    const auto found = out_.parameters.find(name);
    return found == out_.parameters.end() ? nullptr : &found->second;
  }

  const FloatTensor* FindFloats(const Node& node, size_t i) const {
    const Parameter* parameter = HasInput(node, i) ? Find(node.inputs[i]) : nullptr;
    return parameter == nullptr ? nullptr : std::get_if<FloatTensor>(&parameter->value);
  }

  bool IsWeight(const std::string& name) const {
    const Parameter* parameter = Find(name);
    return parameter != nullptr && !std::holds_alternative<Int64Tensor>(parameter->value);
  }

  bool CanSplit(const Node& node) const {
    const Shape gates = OpenGates(node);
    return IsWeight(node.inputs[1]) && IsWeight(node.inputs[2]) && std::count(gates.begin(), gates.end(), -1) < 2 &&
           (!HasInput(node, 3) || FindFloats(node, 3) != nullptr);
  }

  // The shape of the gates, -1 where it depends on the batch.
  Shape OpenGates(const Node& node) const {
    Shape shape = one_.at(node.inputs[0]);
    const Shape &other = two_.at(node.inputs[0]), &w = one_.at(node.inputs[1]);
    for (size_t i = 0; i < 2; ++i) {
      if (shape[i] != other[i]) shape[i] = -1;
    }
    shape[2] = w[0] * w[1];
    return shape;
  }

  template <typename T>
  std::string AddParameter(const std::string& wish, T value) {
    std::string name = names_.Unique(wish);
    out_.parameters[name].value = std::move(value);
    return name;
  }

  // A node that has the name of its value, or a similar one.
  std::string Emit(const std::string& op, const std::string& wish, std::vector<std::string> inputs,
                   Attributes attributes = {}) {
    std::string name = names_.Unique(wish);
    out_.nodes.push_back({name, op, std::move(inputs), {name}, std::move(attributes)});
    return name;
  }

  std::string Reshape(const std::string& name, const std::string& value, Shape shape) {
    const int64_t rank = static_cast<int64_t>(shape.size());
    return Emit("Reshape", name, {value, AddParameter(name + "/shape", Int64Tensor({rank}, std::move(shape)))});
  }

  // Of W and R together, in the order of the rows; GRU's of the candidate in R apart, if linear_before_reset keeps it so.
  void SplitBias(const Recurrence& r, const FloatTensor& bias, FloatTensor* gates, FloatTensor* candidate) const {
    *gates = FloatTensor({r.directions * r.Rows()}, {});
    *candidate = FloatTensor({r.directions, r.hidden}, {});
    for (int64_t d = 0; d < r.directions; ++d) {
      const float* own = bias.data.data() + d * 2 * r.Rows();
      for (int64_t row = 0; row < r.Rows(); ++row) {
        const bool apart = r.linear_before_reset && row >= 2 * r.hidden;
        gates->data.push_back(apart ? own[row] : own[row] + own[r.Rows() + row]);
        if (apart) candidate->data.push_back(own[r.Rows() + row]);
      }
    }
  }

  void Split(const Node& node) {
    const Shape gates = OpenGates(node);
    const Recurrence r = ReadRecurrence(node, one_.at(node.inputs[0]), one_.at(node.inputs[1])).value();
    const std::string rows = Reshape(node.name + "/rows", node.inputs[0], {-1, one_.at(node.inputs[0])[2]});
    const std::string weight = names_.Unique(node.name + "/weight");
    out_.parameters[weight] = MatrixOf(*Find(node.inputs[1]));
    std::vector<std::string> product = {rows, weight};
    Node recurrence = node;
    recurrence.op = "Recurrence";
    recurrence.attributes["cell"] = node.op;
    recurrence.inputs.assign(std::max<size_t>(node.inputs.size(), 4), "");
    if (const FloatTensor* bias = FindFloats(node, 3)) {
      FloatTensor of_gates, of_candidate;
      SplitBias(r, *bias, &of_gates, &of_candidate);
      product.push_back(AddParameter(node.name + "/bias", std::move(of_gates)));
      if (r.linear_before_reset) recurrence.inputs[3] = AddParameter(node.name + "/candidate", std::move(of_candidate));
    }
    const std::string sum = Emit("Gemm", node.name + "/inputs", std::move(product), {{"transB", int64_t{1}}});
    recurrence.inputs[0] = Reshape(node.name + "/gates", sum, gates);
    recurrence.inputs[1] = node.inputs[2];
    for (size_t i = 4; i < node.inputs.size(); ++i) recurrence.inputs[i] = node.inputs[i];
    out_.nodes.push_back(std::move(recurrence));
  }

  void DropUnread() {
    std::set<std::string> read(out_.outputs.begin(), out_.outputs.end());
    for (const Node& node : out_.nodes) read.insert(node.inputs.begin(), node.inputs.end());
    for (auto p = out_.parameters.begin(); p != out_.parameters.end();) {
      p = read.count(p->first) == 0 ? out_.parameters.erase(p) : std::next(p);
    }
  }

  GraphNames names_;
  Graph out_;
  Shapes one_, two_;  // For those batches.
};

}  // namespace

Graph ToRecurrences(const Graph& graph) {
  if (std::none_of(graph.nodes.begin(), graph.nodes.end(), IsRecurrent)) return graph;
  const Result<Shapes> one = InferShapes(graph, 1), two = InferShapes(graph, 2);
  if (!one.ok()) return graph;  // Nobody can plan such a graph.
  return Splitter(graph, one.value(), two.ok() ? two.value() : one.value()).Run();
}

}  // namespace lowbit
