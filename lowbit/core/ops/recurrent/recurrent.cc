// RNN, GRU and LSTM: a sequence step by step, forward, backward or both.
//
// X [steps, batch, inputs]; W [directions, gates * hidden, inputs]; R [directions, gates * hidden, hidden];
// B [directions, 2 * gates * hidden]: biases of W, then of R; sequence_lens [batch]; initial_h (and initial_c)
// [directions, batch, hidden]; P [directions, 3 * hidden]: LSTM's peepholes i, o, f.
// Y [steps, directions, batch, hidden]; Y_h (and Y_c) [directions, batch, hidden]. With layout = 1 the batch comes first
// in X, Y and the states.
//
// Attribute `activations` is one string of names with commas, because a Graph has no lists of strings. `hidden_bits` and
// `hidden_scale`, which ONNX does not have, put what R is multiplied with on a grid (docs/integers.md).
//
// Recurrence (lowbit's own) is what follows the product with W in such a node, whose name is its attribute `cell`: gates
// [steps, batch, directions * gates * hidden], biases added, and R; S [directions, gates * hidden]: scales of the sums, with
// which it computes in integers and in float32 (docs/integers.md), and needs hidden_bits and an R of integers; B
// [directions, hidden]: GRU's bias of the candidate in R, where linear_before_reset keeps it apart; then as above.

#include <algorithm>
#include <cmath>
#include <utility>

#include "lowbit/core/gate_functions.h"
#include "lowbit/core/operator.h"
#include "lowbit/core/recurrence.h"
#include "lowbit/core/recurrent_cell.h"

namespace lowbit::ops::recurrent {
namespace {

using Inputs = std::vector<const DoubleTensor*>;

const double* Find(const Inputs& inputs, size_t i) {
  return i < inputs.size() && inputs[i] != nullptr ? inputs[i]->data.data() : nullptr;
}

// --- Shapes.

struct InputRule {
  const char* name;
  Shape shape;
};

Result<std::vector<Shape>> CheckInputs(const Recurrence& r, const std::vector<InputRule>& rules,
                                       const std::vector<InputView>& inputs) {
  for (size_t i = 1; i < inputs.size(); ++i) {
    const InputRule& rule = rules[i - 1];
    if (!inputs[i].present || inputs[i].shape == rule.shape) continue;
    return Invalid(std::string(rule.name) + " has shape " + ToString(inputs[i].shape) + "; expected " +
                   ToString(rule.shape));
  }
  return std::vector<Shape>{r.SequenceShape(), r.StateShape(), r.StateShape()};
}

Result<std::vector<Shape>> Infer(const Node& node, const std::vector<InputView>& inputs) {
  LOWBIT_TRY(const Recurrence r, ReadRecurrence(node, inputs[0].shape, inputs[1].shape));
  return CheckInputs(r,
                     {{"W", {r.directions, r.Rows(), inputs[0].shape[2]}},
                      {"R", {r.directions, r.Rows(), r.hidden}},
                      {"B", {r.directions, 2 * r.Rows()}},
                      {"sequence_lens", {r.batch}},
                      {"initial_h", r.StateShape()},
                      {"initial_c", r.StateShape()},
                      {"P", {r.directions, 3 * r.hidden}}},
                     inputs);
}

Result<std::vector<Shape>> InferRecurrence(const Node& node, const std::vector<InputView>& inputs) {
  LOWBIT_TRY(const Recurrence r, ReadRecurrence(node, inputs[0].shape, inputs[1].shape));
  if (inputs[0].shape[2] != r.directions * r.Rows()) {
    return Invalid("gates have " + std::to_string(inputs[0].shape[2]) + " values; expected " +
                   std::to_string(r.directions * r.Rows()));
  }
  if (inputs.size() > 2 && inputs[2].present && r.hidden_bits == 0) return Invalid("S needs attribute 'hidden_bits'");
  if (inputs.size() > 3 && inputs[3].present && !r.linear_before_reset) return Invalid("B needs 'linear_before_reset'");
  return CheckInputs(r,
                     {{"R", {r.directions, r.Rows(), r.hidden}},
                      {"S", {r.directions, r.Rows()}},
                      {"B", {r.directions, r.hidden}},
                      {"sequence_lens", {r.batch}},
                      {"initial_h", r.StateShape()},
                      {"initial_c", r.StateShape()},
                      {"P", {r.directions, 3 * r.hidden}}},
                     inputs);
}

// --- Arithmetics of one direction.

// The mathematics. The state is real, or on its grid.
class DoubleArithmetic {
 public:
  using Real = double;
  DoubleArithmetic(const Recurrence& recurrence, const double* r) : recurrence_(recurrence), r_(r) {}

  double Apply(GateFunction function, double x) const {
    if (function == GateFunction::kRelu) return std::max(x, 0.0);
    return function == GateFunction::kTanh ? std::tanh(x) : 1 / (1 + std::exp(-x));
  }
  double Clip(double x, double limit) const { return std::clamp(x, -limit, limit); }
  std::vector<double> Read(std::vector<double> h) const {
    const double scale = recurrence_.hidden_scale, most = recurrence_.HiddenSteps();
    if (recurrence_.hidden_bits == 0) return h;
    for (double& v : h) v = v / scale > -most ? scale * std::min(std::nearbyint(v / scale), most) : -most * scale;
    return h;
  }
  double Product(int64_t row, const std::vector<double>& read, double bias) const {
    double sum = bias;
    for (size_t i = 0; i < read.size(); ++i) sum += r_[static_cast<size_t>(row) * read.size() + i] * read[i];
    return sum;
  }

 private:
  const Recurrence& recurrence_;
  const double* r_;
};

// Integer execution: products of integers are exact, every other operation is rounded to float32.
class FloatArithmetic {
 public:
  using Real = float;
  FloatArithmetic(const Recurrence& recurrence, const double* r, const double* scales)
      : inverse_(static_cast<float>(1 / recurrence.hidden_scale)),
        most_(static_cast<float>(recurrence.HiddenSteps())),
        r_(r),
        scales_(scales) {}

  float Apply(GateFunction function, float x) const {
    if (function == GateFunction::kRelu) return std::max(x, 0.0f);
    return function == GateFunction::kTanh ? GateTanh(x) : GateSigmoid(x);
  }
  float Clip(float x, double limit) const {
    return std::clamp(x, -static_cast<float>(limit), static_cast<float>(limit));
  }
  std::vector<float> Read(std::vector<float> h) const {
    for (float& v : h) {
      const float scaled = v * inverse_;
      v = scaled > -most_ ? std::nearbyint(std::min(scaled, most_)) : -most_;
    }
    return h;
  }
  float Product(int64_t row, const std::vector<float>& read, float bias) const {
    double sum = 0;
    for (size_t i = 0; i < read.size(); ++i) {
      sum += r_[static_cast<size_t>(row) * read.size() + i] * static_cast<double>(read[i]);
    }
    return static_cast<float>(sum) * static_cast<float>(scales_[row]) + bias;
  }

 private:
  float inverse_, most_;
  const double *r_, *scales_;
};

// --- Evaluation.

template <typename Real>
DoubleTensor Wide(const Shape& shape, const std::vector<Real>& values) {
  return DoubleTensor(shape, std::vector<double>(values.begin(), values.end()));
}

template <class A>
std::vector<DoubleTensor> Run(const Recurrence& r, const RecurrentInputs<typename A::Real>& inputs,
                              const std::vector<A>& arithmetic) {
  const auto out = RecurrentLayer<A>(r, inputs).Run(arithmetic);
  return {Wide(r.SequenceShape(), out.y), Wide(r.StateShape(), out.h), Wide(r.StateShape(), out.c)};
}

// The last four inputs, which all have at the same places.
RecurrentInputs<double> LastInputs(const Inputs& inputs) {
  RecurrentInputs<double> given;
  given.lengths = Find(inputs, 4);
  given.initial_h = Find(inputs, 5);
  given.initial_c = Find(inputs, 6);
  given.peepholes = Find(inputs, 7);
  return given;
}

std::vector<DoubleTensor> RunInDouble(const Recurrence& r, const RecurrentInputs<double>& given,
                                      const double* weights) {
  std::vector<DoubleArithmetic> arithmetic;
  for (int64_t d = 0; d < r.directions; ++d) arithmetic.emplace_back(r, weights + d * r.Rows() * r.hidden);
  return Run(r, given, arithmetic);
}

std::vector<DoubleTensor> RunInIntegers(const Recurrence& r, const Inputs& inputs) {
  std::vector<std::vector<float>> narrow(inputs.size());
  const auto floats = [&](size_t i) -> const float* {
    if (Find(inputs, i) == nullptr) return nullptr;
    narrow[i].assign(inputs[i]->data.begin(), inputs[i]->data.end());
    return narrow[i].data();
  };
  const RecurrentInputs<float> given = {floats(0), floats(3), floats(4), floats(5), floats(6), floats(7)};
  std::vector<FloatArithmetic> arithmetic;
  for (int64_t d = 0; d < r.directions; ++d) {
    arithmetic.emplace_back(r, Find(inputs, 1) + d * r.Rows() * r.hidden, Find(inputs, 2) + d * r.Rows());
  }
  return Run(r, given, arithmetic);
}

std::vector<DoubleTensor> EvaluateRecurrence(const Node& node, const Inputs& inputs) {
  const Recurrence r = ReadRecurrence(node, inputs[0]->shape, inputs[1]->shape).value();
  if (Find(inputs, 2) != nullptr) return RunInIntegers(r, inputs);
  RecurrentInputs<double> given = LastInputs(inputs);
  given.gates = Find(inputs, 0);
  given.candidate_bias = Find(inputs, 3);
  return RunInDouble(r, given, Find(inputs, 1));
}

// Of row `row` of direction d: the biases of W and R, but for the one that linear_before_reset keeps apart.
double GateBias(const Recurrence& r, const double* biases, int64_t d, int64_t row) {
  if (biases == nullptr) return 0;
  const double* own = biases + d * 2 * r.Rows();
  return r.linear_before_reset && row >= 2 * r.hidden ? own[row] : own[row] + own[r.Rows() + row];
}

// What the input adds to the gates: [steps, batch, directions * gates * hidden], or batch first.
std::vector<double> GatesOf(const Recurrence& r, const Inputs& inputs) {
  const int64_t columns = inputs[0]->shape[2];
  const double *w = Find(inputs, 1), *biases = Find(inputs, 3);
  std::vector<double> gates;
  for (int64_t at = 0; at < r.steps * r.batch; ++at) {
    const double* x = inputs[0]->data.data() + at * columns;
    for (int64_t row = 0; row < r.directions * r.Rows(); ++row) {
      double sum = GateBias(r, biases, row / r.Rows(), row % r.Rows());
      for (int64_t i = 0; i < columns; ++i) sum += w[row * columns + i] * x[i];
      gates.push_back(sum);
    }
  }
  return gates;
}

std::vector<DoubleTensor> Evaluate(const Node& node, const Inputs& inputs) {
  const Recurrence r = ReadRecurrence(node, inputs[0]->shape, inputs[1]->shape).value();
  const std::vector<double> gates = GatesOf(r, inputs);
  RecurrentInputs<double> given = LastInputs(inputs);
  given.gates = gates.data();
  std::vector<double> candidate_bias;
  for (int64_t d = 0; r.linear_before_reset && Find(inputs, 3) != nullptr && d < r.directions; ++d) {
    const double* end = Find(inputs, 3) + (d + 1) * 2 * r.Rows();
    candidate_bias.insert(candidate_bias.end(), end - r.hidden, end);
  }
  if (!candidate_bias.empty()) given.candidate_bias = candidate_bias.data();
  return RunInDouble(r, given, Find(inputs, 2));
}

std::vector<int64_t> Macs(const Node& node, const std::vector<Shape>& inputs, const Shape&) {
  const Recurrence r = ReadRecurrence(node, inputs[0], inputs[1]).value();
  const int64_t weights = Elements(inputs[1]) + (node.op == "Recurrence" ? 0 : Elements(inputs[2]));
  return {r.steps * r.batch, weights};
}

// Steps are no images.
bool MixesImages(const Node& node, const std::vector<InputView>&) { return IntAttribute(node, "layout", 0) == 0; }

Operator DefineNode(const std::string& name, size_t max_inputs, size_t max_outputs) {
  return {.name = name,
          .min_inputs = 3,
          .max_inputs = max_inputs,
          .max_outputs = max_outputs,
          .attributes = {{"activations", AttributeType::kString},
                         {"clip", AttributeType::kFloat},
                         {"direction", AttributeType::kString},
                         {"hidden_bits", AttributeType::kInt},
                         {"hidden_scale", AttributeType::kFloat},
                         {"hidden_size", AttributeType::kInt},
                         {"layout", AttributeType::kInt}},
          .infer = Infer,
          .evaluate = Evaluate,
          .mixes_images = MixesImages,
          .macs = Macs};
}

}  // namespace

std::vector<Operator> Define() {
  Operator rnn = DefineNode("RNN", 6, 2), gru = DefineNode("GRU", 6, 2), lstm = DefineNode("LSTM", 8, 3),
           recurrence = DefineNode("Recurrence", 8, 3);
  const AttributeRule reset = {"linear_before_reset", AttributeType::kInt},
                      forget = {"input_forget", AttributeType::kInt};
  gru.attributes.push_back(reset);
  lstm.attributes.push_back(forget);
  recurrence.attributes.insert(recurrence.attributes.end(), {{"cell", AttributeType::kString, true}, reset, forget});
  recurrence.min_inputs = 2;
  recurrence.infer = InferRecurrence;
  recurrence.evaluate = EvaluateRecurrence;
  return {rnn, gru, lstm, recurrence};
}

}  // namespace lowbit::ops::recurrent
