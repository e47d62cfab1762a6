// RNN, GRU and LSTM: a sequence step by step, forward, backward or both.
//
// X [steps, batch, inputs]; W [directions, gates * hidden, inputs]; R [directions, gates * hidden, hidden];
// B [directions, 2 * gates * hidden]: biases of W, then of R; sequence_lens [batch]; initial_h (and initial_c)
// [directions, batch, hidden]; P [directions, 3 * hidden]: LSTM's peepholes i, o, f.
// Y [steps, directions, batch, hidden]; Y_h (and Y_c) [directions, batch, hidden]. With layout = 1 the batch comes first
// in X, Y and the states.
//
// Attribute `activations` is one string of names with commas, because a Graph has no lists of strings.

#include <algorithm>
#include <cmath>
#include <utility>

#include "lowbit/core/ops_common/elementwise.h"

namespace lowbit::ops::recurrent {
namespace {

using Activation = double (*)(double x);

double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double Tanh(double x) { return std::tanh(x); }
double Relu(double x) { return std::max(x, 0.0); }

struct Kind {
  const char* name;
  int64_t gates;
  size_t activations;  // For each direction.
  const char* defaults;
};

constexpr Kind kKinds[] = {{"RNN", 1, 1, "Tanh"}, {"GRU", 3, 2, "Sigmoid,Tanh"}, {"LSTM", 4, 3, "Sigmoid,Tanh,Tanh"}};

const Kind& KindOf(const Node& node) {
  return *std::find_if(std::begin(kKinds), std::end(kKinds), [&](const Kind& kind) { return kind.name == node.op; });
}

Result<Activation> ActivationOf(const std::string& name) {
  if (name == "Sigmoid") return Sigmoid;
  if (name == "Tanh") return Tanh;
  if (name == "Relu") return Relu;
  return Invalid("attribute 'activations' names '" + name + "'; known: Relu, Sigmoid, Tanh");
}

// Of all directions; the names are given once for all of them, or for each.
Result<std::vector<Activation>> ActivationsOf(const Node& node, int64_t directions) {
  const Kind& kind = KindOf(node);
  std::string names = StringAttribute(node, "activations", kind.defaults) + ",";
  std::vector<Activation> activations;
  for (size_t comma; (comma = names.find(',')) != std::string::npos; names.erase(0, comma + 1)) {
    LOWBIT_TRY(const Activation activation, ActivationOf(names.substr(0, comma)));
    activations.push_back(activation);
  }
  const size_t expected = kind.activations * static_cast<size_t>(directions);
  if (activations.size() == kind.activations) {
    while (activations.size() < expected) activations.push_back(activations[activations.size() - kind.activations]);
  }
  if (activations.size() == expected) return activations;
  return Invalid("attribute 'activations' names " + std::to_string(activations.size()) + "; expected " +
                 std::to_string(expected));
}

struct Extents {
  int64_t steps = 1, batch = 1, inputs = 1, hidden = 1, gates = 1, directions = 1;
  bool batch_first = false;

  Shape States() const { return batch_first ? Shape{batch, directions, hidden} : Shape{directions, batch, hidden}; }
  Shape Sequence() const {
    return batch_first ? Shape{batch, steps, directions, hidden} : Shape{steps, directions, batch, hidden};
  }
};

Extents ExtentsOf(const Node& node, const Shape& x, const Shape& w) {
  Extents extents;
  extents.batch_first = IntAttribute(node, "layout", 0) != 0;
  extents.steps = x[extents.batch_first ? 1 : 0];
  extents.batch = x[extents.batch_first ? 0 : 1];
  extents.inputs = x[2];
  extents.gates = KindOf(node).gates;
  extents.directions = w[0];
  extents.hidden = w[1] / extents.gates;
  return extents;
}

Status CheckShape(const char* what, const InputView& input, const Shape& expected) {
  if (!input.present || input.shape == expected) return Ok();
  return Invalid(std::string(what) + " has shape " + ToString(input.shape) + "; expected " + ToString(expected));
}

Status CheckAttributes(const Node& node, const Extents& extents) {
  const std::string direction = StringAttribute(node, "direction", "forward");
  if (direction != "forward" && direction != "reverse" && direction != "bidirectional") {
    return Invalid("attribute 'direction' must be forward, reverse or bidirectional; it is " + direction);
  }
  if (extents.directions != (direction == "bidirectional" ? 2 : 1)) {
    return Invalid("W has " + std::to_string(extents.directions) + " directions; the node is " + direction);
  }
  if (IntAttribute(node, "hidden_size", extents.hidden) != extents.hidden) {
    return Invalid("attribute 'hidden_size' is not " + std::to_string(extents.hidden) + ", as W has it");
  }
  if (FloatAttribute(node, "clip", 0) < 0) return Invalid("attribute 'clip' must not be negative");
  if (IntAttribute(node, "input_forget", 0) != 0) return Invalid("attribute 'input_forget' must be 0");
  LOWBIT_RETURN_IF_ERROR(ActivationsOf(node, extents.directions));
  return Ok();
}

Result<std::vector<Shape>> Infer(const Node& node, const std::vector<InputView>& inputs) {
  const Shape &x = inputs[0].shape, &w = inputs[1].shape;
  if (x.size() != 3) return Invalid("X must be [steps, batch, inputs]; it has shape " + ToString(x));
  if (w.size() != 3 || w[2] != x[2] || w[1] % KindOf(node).gates != 0 || w[0] > 2) {
    return Invalid("W of shape " + ToString(w) + " does not fit X " + ToString(x));
  }
  const Extents e = ExtentsOf(node, x, w);
  LOWBIT_RETURN_IF_ERROR(CheckAttributes(node, e));
  const Shape expected[] = {{e.directions, e.gates * e.hidden, e.hidden},
                            {e.directions, 2 * e.gates * e.hidden},
                            {e.batch},
                            e.States(),
                            e.States(),
                            {e.directions, 3 * e.hidden}};
  static constexpr const char* kNames[] = {"R", "B", "sequence_lens", "initial_h", "initial_c", "P"};
  for (size_t i = 2; i < inputs.size(); ++i) {
    LOWBIT_RETURN_IF_ERROR(CheckShape(kNames[i - 2], inputs[i], expected[i - 2]));
  }
  return std::vector<Shape>{e.Sequence(), e.States(), e.States()};
}

// One direction of the network for one sequence of the batch.
class Cell {
 public:
  Cell(const Node& node, const Extents& extents, const std::vector<const DoubleTensor*>& inputs, int64_t direction)
      : e_(extents), op_(node.op), clip_(FloatAttribute(node, "clip", 0)) {
    const std::vector<Activation> all = ActivationsOf(node, e_.directions).value();
    const size_t each = KindOf(node).activations;
    activations_.assign(all.begin() + direction * static_cast<int64_t>(each),
                        all.begin() + (direction + 1) * static_cast<int64_t>(each));
    linear_before_reset_ = IntAttribute(node, "linear_before_reset", 0) != 0;
    const int64_t rows = e_.gates * e_.hidden;
    w_ = inputs[1]->data.data() + direction * rows * e_.inputs;
    r_ = inputs[2]->data.data() + direction * rows * e_.hidden;
    if (Has(inputs, 3)) w_bias_ = inputs[3]->data.data() + direction * 2 * rows, r_bias_ = w_bias_ + rows;
    if (Has(inputs, 7)) peepholes_ = inputs[7]->data.data() + direction * 3 * e_.hidden;
  }

  static bool Has(const std::vector<const DoubleTensor*>& inputs, size_t i) {
    return i < inputs.size() && inputs[i] != nullptr;
  }

  // Takes the states from one step to the next.
  void Advance(const double* x, std::vector<double>* h, std::vector<double>* c) const {
    if (op_ == "RNN") return AdvanceRnn(x, h);
    if (op_ == "GRU") return AdvanceGru(x, h);
    AdvanceLstm(x, h, c);
  }

 private:
  double FromInput(const double* x, int64_t row) const {
    double sum = w_bias_ == nullptr ? 0 : w_bias_[row];
    for (int64_t i = 0; i < e_.inputs; ++i) sum += w_[row * e_.inputs + i] * x[i];
    return sum;
  }
  double FromState(const std::vector<double>& h, int64_t row) const {
    double sum = r_bias_ == nullptr ? 0 : r_bias_[row];
    for (int64_t i = 0; i < e_.hidden; ++i) sum += r_[row * e_.hidden + i] * h[static_cast<size_t>(i)];
    return sum;
  }
  double Activate(size_t which, double x) const {
    return activations_[which](clip_ > 0 ? std::clamp(x, -clip_, clip_) : x);
  }
  double Peephole(int64_t gate, int64_t i, double c) const {
    return peepholes_ == nullptr ? 0 : peepholes_[gate * e_.hidden + i] * c;
  }

  // h' = f(W x + R h)
  void AdvanceRnn(const double* x, std::vector<double>* h) const {
    const std::vector<double> old = *h;
    for (int64_t i = 0; i < e_.hidden; ++i) {
      (*h)[static_cast<size_t>(i)] = Activate(0, FromInput(x, i) + FromState(old, i));
    }
  }

  // z = f(Wz x + Rz h); r = f(Wr x + Rr h); n = g(Wn x + Rn (r h)), or g(Wn x + r (Rn h)) with linear_before_reset;
  // h' = (1 - z) n + z h
  void AdvanceGru(const double* x, std::vector<double>* h) const {
    const std::vector<double> old = *h;
    std::vector<double> reset(old.size()), gated(old.size());
    for (int64_t i = 0; i < e_.hidden; ++i) {
      const size_t k = static_cast<size_t>(i);
      reset[k] = Activate(0, FromInput(x, e_.hidden + i) + FromState(old, e_.hidden + i));
      gated[k] = reset[k] * old[k];
    }
    for (int64_t i = 0; i < e_.hidden; ++i) {
      const size_t k = static_cast<size_t>(i);
      const double z = Activate(0, FromInput(x, i) + FromState(old, i));
      const int64_t row = 2 * e_.hidden + i;
      const double state = linear_before_reset_ ? reset[k] * FromState(old, row) : FromState(gated, row);
      (*h)[k] = (1 - z) * Activate(1, FromInput(x, row) + state) + z * old[k];
    }
  }

  // i, o, f = f(W x + R h + P c), o with the new c; n = g(W x + R h); c' = f c + i n; h' = o h(c'). Rows: i, o, f, n.
  void AdvanceLstm(const double* x, std::vector<double>* h, std::vector<double>* c) const {
    const std::vector<double> old = *h;
    for (int64_t k = 0; k < e_.hidden; ++k) {
      double& cell = (*c)[static_cast<size_t>(k)];
      const auto row = [&](int64_t gate) {
        return FromInput(x, gate * e_.hidden + k) + FromState(old, gate * e_.hidden + k);
      };
      const double in = Activate(0, row(0) + Peephole(0, k, cell));
      const double forget = Activate(0, row(2) + Peephole(2, k, cell));
      cell = forget * cell + in * Activate(1, row(3));
      const double out = Activate(0, row(1) + Peephole(1, k, cell));
      (*h)[static_cast<size_t>(k)] = out * activations_[2](cell);
    }
  }

  Extents e_;
  std::string op_;
  double clip_;
  std::vector<Activation> activations_;
  bool linear_before_reset_ = false;
  const double *w_ = nullptr, *r_ = nullptr, *w_bias_ = nullptr, *r_bias_ = nullptr, *peepholes_ = nullptr;
};

// Steps of sequence n: all, or what sequence_lens says.
int64_t LengthOf(const std::vector<const DoubleTensor*>& inputs, const Extents& e, int64_t n) {
  if (!Cell::Has(inputs, 4)) return e.steps;
  return static_cast<int64_t>(std::clamp(inputs[4]->data[static_cast<size_t>(n)], 0.0, static_cast<double>(e.steps)));
}

struct Outputs {
  DoubleTensor y, h, c;
};

void RunSequence(const Node& node, const Extents& e, const std::vector<const DoubleTensor*>& inputs, int64_t direction,
                 int64_t n, Outputs* outputs) {
  const Cell cell(node, e, inputs, direction);
  const int64_t state = (e.batch_first ? n * e.directions + direction : direction * e.batch + n) * e.hidden;
  const auto initial = [&](size_t i) {
    std::vector<double> values(static_cast<size_t>(e.hidden), 0.0);
    if (Cell::Has(inputs, i)) std::copy_n(inputs[i]->data.begin() + state, e.hidden, values.begin());
    return values;
  };
  std::vector<double> h = initial(5), c = initial(6);
  const bool backward = direction == 1 || StringAttribute(node, "direction", "forward") == "reverse";
  const int64_t length = LengthOf(inputs, e, n);
  for (int64_t step = 0; step < length; ++step) {
    const int64_t t = backward ? length - 1 - step : step;
    const int64_t place = e.batch_first ? n * e.steps + t : t * e.batch + n;
    cell.Advance(inputs[0]->data.data() + place * e.inputs, &h, &c);
    const int64_t to = e.batch_first ? (place * e.directions + direction) * e.hidden
                                     : ((t * e.directions + direction) * e.batch + n) * e.hidden;
    std::copy(h.begin(), h.end(), outputs->y.data.begin() + to);
  }
  std::copy(h.begin(), h.end(), outputs->h.data.begin() + state);
  std::copy(c.begin(), c.end(), outputs->c.data.begin() + state);
}

std::vector<DoubleTensor> Evaluate(const Node& node, const std::vector<const DoubleTensor*>& inputs) {
  const Extents e = ExtentsOf(node, inputs[0]->shape, inputs[1]->shape);
  Outputs outputs = {DoubleTensor(e.Sequence()), DoubleTensor(e.States()), DoubleTensor(e.States())};
  for (int64_t direction = 0; direction < e.directions; ++direction) {
    for (int64_t n = 0; n < e.batch; ++n) RunSequence(node, e, inputs, direction, n, &outputs);
  }
  return {std::move(outputs.y), std::move(outputs.h), std::move(outputs.c)};
}

std::vector<int64_t> Macs(const Node& node, const std::vector<Shape>& inputs, const Shape&) {
  const Extents e = ExtentsOf(node, inputs[0], inputs[1]);
  return {e.steps * e.batch, Elements(inputs[1]) + Elements(inputs[2])};
}

// Steps are no images.
bool MixesImages(const Node& node, const std::vector<InputView>&) { return IntAttribute(node, "layout", 0) == 0; }

}  // namespace

std::vector<Operator> Define() {
  std::vector<Operator> operators;
  for (const Kind& kind : kKinds) {
    Operator op = {.name = kind.name,
                   .min_inputs = 3,
                   .max_inputs = 6,
                   .max_outputs = 2,
                   .attributes = {{"activations", AttributeType::kString},
                                  {"clip", AttributeType::kFloat},
                                  {"direction", AttributeType::kString},
                                  {"hidden_size", AttributeType::kInt},
                                  {"layout", AttributeType::kInt}},
                   .infer = Infer,
                   .evaluate = Evaluate,
                   .mixes_images = MixesImages,
                   .macs = Macs};
    if (op.name == "GRU") op.attributes.push_back({"linear_before_reset", AttributeType::kInt});
    if (op.name == "LSTM") {
      op.max_inputs = 8;
      op.max_outputs = 3;
      op.attributes.push_back({"input_forget", AttributeType::kInt});
    }
    operators.push_back(std::move(op));
  }
  return operators;
}

}  // namespace lowbit::ops::recurrent
