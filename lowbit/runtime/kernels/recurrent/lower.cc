// Recurrence: the part of RNN, GRU and LSTM that goes step by step.

#include <algorithm>
#include <utility>

#include "lowbit/runtime/fallback.h"
#include "lowbit/runtime/kernels/recurrent/recurrent_step.h"

namespace lowbit::runtime::kernels::recurrent {
namespace {

// The numbers of a constant input; nothing if it is left out. False if it is computed.
bool ReadConstant(const Node& node, size_t i, const Lowering& lowering, std::vector<float>* numbers) {
  numbers->clear();
  if (!HasInput(node, i)) return true;
  const Parameter* parameter = lowering.Constant(node.inputs[i]);
  if (parameter == nullptr) return false;
  const DoubleTensor wide = WidenParameter(*parameter);
  numbers->assign(wide.data.begin(), wide.data.end());
  return true;
}

RecurrentOperand ReadOperand(const Node& node, size_t i, const Lowering& lowering, std::vector<std::string>* reads) {
  RecurrentOperand operand;
  if (ReadConstant(node, i, lowering, &operand.constant)) return operand;
  operand.value = static_cast<int>(reads->size());
  reads->push_back(node.inputs[i]);
  return operand;
}

// [directions, hidden] to the rows of R.
std::vector<float> BiasOfRows(const Recurrence& r, const std::vector<float>& candidate) {
  std::vector<float> bias(static_cast<size_t>(r.directions * r.Rows()), 0.0f);
  for (int64_t d = 0; d < r.directions && !candidate.empty(); ++d) {
    std::copy_n(candidate.begin() + d * r.hidden, r.hidden, bias.begin() + d * r.Rows() + 2 * r.hidden);
  }
  return bias;
}

// Of a product in floats: those of a low-bit tensor.
std::vector<float> ScaleOfRows(const Recurrence& r, const Parameter& weights) {
  const QTensor* tensor = std::get_if<QTensor>(&weights.value);
  std::vector<float> scale;
  for (int64_t row = 0; row < r.directions * r.Rows(); ++row) {
    scale.push_back(tensor == nullptr ? 1.0f : tensor->Scale(row / r.Rows()));
  }
  return scale;
}

// What is known at load; false if something that must be is not.
bool ReadWeights(const Node& node, const Lowering& lowering, RecurrentNode* read) {
  read->recurrence = ReadRecurrence(node, lowering.ShapeOf(node.inputs[0]), lowering.ShapeOf(node.inputs[1])).value();
  read->r = lowering.Constant(node.inputs[1]);
  if (read->r == nullptr || std::holds_alternative<Int64Tensor>(read->r->value)) return false;
  std::vector<float> candidate;
  if (!ReadConstant(node, 2, lowering, &read->scale) || !ReadConstant(node, 3, lowering, &candidate) ||
      !ReadConstant(node, 7, lowering, &read->peepholes)) {
    return false;
  }
  const Recurrence& r = read->recurrence;
  read->in_integers = !read->scale.empty();
  if (read->in_integers ? !CanMakeByteProduct(*read->r, r.HiddenSteps()) : r.hidden_bits != 0) return false;
  if (!read->in_integers) read->scale = ScaleOfRows(r, *read->r);
  read->bias = BiasOfRows(r, candidate);
  return true;
}

void PlaceOutputs(const Node& node, RecurrentNode* read, std::vector<std::string>* writes) {
  int* const places[] = {&read->y, &read->y_h, &read->y_c};
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    *places[i] = static_cast<int>(writes->size());
    writes->push_back(node.outputs[i]);
  }
}

}  // namespace

std::unique_ptr<Step> Lower(size_t index, Lowering* lowering) {
  const Node& node = lowering->graph().nodes[index];
  if (node.op != "Recurrence") return nullptr;
  RecurrentNode read;
  if (!ReadWeights(node, *lowering, &read)) return nullptr;
  std::vector<std::string> reads, writes;
  read.gates = ReadOperand(node, 0, *lowering, &reads);
  read.lengths = ReadOperand(node, 4, *lowering, &reads);
  read.initial_h = ReadOperand(node, 5, *lowering, &reads);
  read.initial_c = ReadOperand(node, 6, *lowering, &reads);
  PlaceOutputs(node, &read, &writes);
  const bool in_integers = read.in_integers;
  auto step = std::make_unique<RecurrentStep>(std::move(read));
  if (!in_integers) step->reason = "its state is not quantized (hidden_bits)";
  step->fallback = !in_integers && lowering->InIntegers();
  step->reads = std::move(reads);
  step->writes = std::move(writes);
  step->nodes = {index};
  return step;
}

}  // namespace lowbit::runtime::kernels::recurrent
