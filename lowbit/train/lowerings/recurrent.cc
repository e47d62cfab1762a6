// LSTM, GRU and RNN, one step after the other for all sequences of the batch at once. The equations are those of
// lowbit/core/ops/recurrent; gradients go back through all steps.

#include <torch/types.h>

#include <map>
#include <memory>
#include <utility>

#include "lowbit/core/operator.h"
#include "lowbit/train/lowering.h"

namespace lowbit::train {
namespace {

using Inputs = std::vector<at::Tensor>;
using Activation = at::Tensor (*)(const at::Tensor&);

// Names of one direction; ONNX gives them once for both, or for each.
std::vector<Activation> ActivationsOf(const Node& node, size_t direction) {
  static const std::map<std::string, std::pair<size_t, const char*>> kinds = {
      {"RNN", {1, "Tanh"}}, {"GRU", {2, "Sigmoid,Tanh"}}, {"LSTM", {3, "Sigmoid,Tanh,Tanh"}}};
  static const std::map<std::string, Activation> known = {
      {"Relu", at::relu}, {"Sigmoid", at::sigmoid}, {"Tanh", at::tanh}};
  const auto& [each, defaults] = kinds.at(node.op);
  std::vector<Activation> all;
  std::string names = StringAttribute(node, "activations", defaults) + ",";
  for (size_t comma; (comma = names.find(',')) != std::string::npos; names.erase(0, comma + 1)) {
    all.push_back(known.at(names.substr(0, comma)));
  }
  const size_t first = all.size() > each ? direction * each : 0;
  return {all.begin() + static_cast<std::ptrdiff_t>(first), all.begin() + static_cast<std::ptrdiff_t>(first + each)};
}

// Of one direction; undefined what the node leaves out.
struct Weights {
  at::Tensor w, r, w_bias, r_bias, peepholes;
};

struct States {
  at::Tensor h, c;
};

// What of the gates comes from the inputs is computed for all steps together: x, [batch, gates * hidden].
class Cell {
 public:
  Cell(const Node& node, size_t direction)
      : op_(node.op),
        activations_(ActivationsOf(node, direction)),
        clip_(FloatAttribute(node, "clip", 0)),
        linear_before_reset_(IntAttribute(node, "linear_before_reset", 0) != 0) {}

  States Next(const at::Tensor& x, const States& old, const Weights& weights) const {
    if (op_ == "RNN") return {Activate(0, x + Linear(old.h, weights.r, weights.r_bias)), {}};
    return op_ == "GRU" ? NextGru(x, old, weights) : NextLstm(x, old, weights);
  }

 private:
  at::Tensor Activate(size_t which, const at::Tensor& x) const {
    return activations_[which](clip_ > 0 ? at::clamp(x, -clip_, clip_) : x);
  }

  States NextGru(const at::Tensor& x, const States& old, const Weights& weights) const {
    const int64_t hidden = old.h.size(1), last = 2 * hidden;
    const auto part = [](const at::Tensor& t, int64_t first, int64_t rows) {
      return t.defined() ? t.narrow(0, first, rows) : t;
    };
    // Rows: update, reset, new.
    const at::Tensor gates =
        x.narrow(1, 0, last) + Linear(old.h, part(weights.r, 0, last), part(weights.r_bias, 0, last));
    const at::Tensor update = Activate(0, gates.narrow(1, 0, hidden)),
                     reset = Activate(0, gates.narrow(1, hidden, hidden));
    const at::Tensor r = part(weights.r, last, hidden), bias = part(weights.r_bias, last, hidden);
    const at::Tensor state = linear_before_reset_ ? reset * Linear(old.h, r, bias) : Linear(reset * old.h, r, bias);
    const at::Tensor fresh = Activate(1, x.narrow(1, last, hidden) + state);
    return {(1 - update) * fresh + update * old.h, {}};
  }

  // Rows: in, out, forget, new.
  States NextLstm(const at::Tensor& x, const States& old, const Weights& weights) const {
    const std::vector<at::Tensor> gates = at::chunk(x + Linear(old.h, weights.r, weights.r_bias), 4, 1);
    const auto seen = [&](size_t gate, const at::Tensor& c) {
      if (!weights.peepholes.defined()) return gates[gate];
      const int64_t hidden = c.size(1);
      return gates[gate] + weights.peepholes.narrow(0, static_cast<int64_t>(gate) * hidden, hidden) * c;
    };
    const at::Tensor in = Activate(0, seen(0, old.c)), forget = Activate(0, seen(2, old.c));
    const at::Tensor c = forget * old.c + in * Activate(1, gates[3]);
    return {Activate(0, seen(1, c)) * activations_[2](c), c};
  }

  std::string op_;
  std::vector<Activation> activations_;
  double clip_;
  bool linear_before_reset_;
};

bool Has(const Inputs& in, size_t i) { return i < in.size() && in[i].defined(); }

Weights WeightsOf(const Inputs& in, int64_t direction) {
  Weights weights = {in[1].select(0, direction), in[2].select(0, direction), {}, {}, {}};
  if (Has(in, 3)) {
    const std::vector<at::Tensor> biases = at::chunk(in[3].select(0, direction), 2);
    weights.w_bias = biases[0], weights.r_bias = biases[1];
  }
  if (Has(in, 7)) weights.peepholes = in[7].select(0, direction);
  return weights;
}

struct Run {
  at::Tensor y;  // [steps, batch, hidden]
  States last;
};

// x: [steps, batch, inputs]. Sequences that are shorter than the longest keep their state beyond their end, which for a
// walk backwards is before their beginning; their outputs there are 0.
Run RunDirection(const Cell& cell, const at::Tensor& x, const Weights& weights, States states,
                 const at::Tensor& lengths, bool backward) {
  const int64_t steps = x.size(0), batch = x.size(1);
  // Taken apart at once: the gradient of a selected step would be as large as all steps, for each of them.
  const std::vector<at::Tensor> from_input =
      Linear(x.reshape({steps * batch, x.size(2)}), weights.w, weights.w_bias).reshape({steps, batch, -1}).unbind(0);
  std::vector<at::Tensor> outputs(static_cast<size_t>(steps));
  for (int64_t step = 0; step < steps; ++step) {
    const int64_t t = backward ? steps - 1 - step : step;
    States next = cell.Next(from_input[static_cast<size_t>(t)], states, weights);
    next.h = next.h.to(states.h.scalar_type());  // Of an RNN in mixed precision.
    outputs[static_cast<size_t>(t)] = next.h;
    if (lengths.defined()) {
      const at::Tensor lives = lengths.gt(t).unsqueeze(1);
      outputs[static_cast<size_t>(t)] = at::where(lives, next.h, at::zeros_like(next.h));
      next.h = at::where(lives, next.h, states.h);
      if (next.c.defined()) next.c = at::where(lives, next.c, states.c);
    }
    states = std::move(next);
  }
  return {at::stack(outputs), std::move(states)};
}

Kernel LowerRecurrent(const LoweringRequest& request) {
  const Node& node = request.node;
  if (IntAttribute(node, "hidden_bits", 0) != 0) request.Reject("a state of few bits is not trained through");
  const int64_t directions = request.shapes[1][0], hidden = request.shapes[2][2];
  const bool batch_first = IntAttribute(node, "layout", 0) != 0,
             reverse = StringAttribute(node, "direction", "") == "reverse";
  const bool has_cell = node.op == "LSTM";
  std::vector<Cell> cells;
  for (int64_t d = 0; d < directions; ++d) cells.emplace_back(node, static_cast<size_t>(d));
  return [=](const Inputs& in, Mode) -> Outputs {
    const at::Tensor x = batch_first ? in[0].transpose(0, 1) : in[0];
    const auto initial = [&](size_t i, int64_t d) {
      return Has(in, i) ? in[i].select(batch_first ? 1 : 0, d) : at::zeros({x.size(1), hidden}, x.options());
    };
    const at::Tensor lengths = Has(in, 4) ? at::trunc(in[4]) : at::Tensor();
    std::vector<at::Tensor> y, h, c;
    for (int64_t d = 0; d < directions; ++d) {
      const States states = {initial(5, d), has_cell ? initial(6, d) : at::Tensor()};
      const Run run =
          RunDirection(cells[static_cast<size_t>(d)], x, WeightsOf(in, d), states, lengths, reverse || d == 1);
      y.push_back(run.y), h.push_back(run.last.h), c.push_back(run.last.c);
    }
    const int64_t place = batch_first ? 1 : 0;  // Of the directions in the states.
    const at::Tensor sequence = at::stack(y, 1);
    std::vector<at::Tensor> outputs = {batch_first ? sequence.permute({2, 0, 1, 3}) : sequence, at::stack(h, place)};
    if (has_cell) outputs.push_back(at::stack(c, place));
    return outputs;
  };
}

DoubleTensor ToCore(const at::Tensor& tensor) {
  const at::Tensor wide = tensor.detach().to(at::kCPU, at::kDouble).contiguous();
  const double* data = wide.data_ptr<double>();
  return DoubleTensor(Shape(wide.sizes().begin(), wide.sizes().end()), {data, data + wide.numel()});
}

// What the integer form has of such a node (core/recurrent_form.h): core's definition, for evaluation. No gradient.
Kernel LowerRecurrence(const LoweringRequest& request) {
  return [node = request.node](const Inputs& in, Mode) -> Outputs {
    std::vector<DoubleTensor> values(in.size());
    std::vector<const DoubleTensor*> pointers(in.size(), nullptr);
    for (size_t i = 0; i < in.size(); ++i) {
      if (Has(in, i)) values[i] = ToCore(in[i]), pointers[i] = &values[i];
    }
    std::vector<at::Tensor> outputs;
    for (DoubleTensor& result : FindOperator(node.op)->evaluate(node, pointers)) {
      outputs.push_back(at::from_blob(result.data.data(), result.shape, at::kDouble).to(in[0].options(), false, true));
    }
    return outputs;
  };
}

}  // namespace

void AddRecurrent(LoweringTable* table) {
  (*table)["Recurrence"] = LowerRecurrence;
  for (const char* name : {"GRU", "LSTM", "RNN"}) (*table)[name] = LowerRecurrent;
}

}  // namespace lowbit::train
