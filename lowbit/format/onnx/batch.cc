#include "lowbit/format/onnx/batch.h"

#include <algorithm>
#include <limits>

namespace lowbit::onnx {
namespace {

using Integers = std::vector<int64_t>;

Error Depends(size_t i) {
  return Invalid("input " + std::to_string(i) +
                 " depends on the size of the batch; give the network's input a shape with a fixed one");
}

// The integers of both sizes; empty if they are no lists of the same length.
std::array<Integers, kSizes> ListsOf(const Value& value) {
  std::array<Integers, kSizes> lists;
  for (size_t size = 0; size < kSizes; ++size) {
    const auto* integers = std::get_if<Int64Tensor>(&value.constants[size]->value);
    if (integers != nullptr && integers->shape.size() == 1) lists[size] = integers->data;
  }
  if (lists[0].size() != lists[1].size()) lists = {};
  return lists;
}

// Reshape: the one extent that follows the batch is 0 (copied) where the input has it at the same place, else -1.
bool Reshaped(const Value& data, std::array<Integers, kSizes> lists, Integers* merged) {
  *merged = lists[0];
  bool open = std::count(merged->begin(), merged->end(), -1) > 0;
  for (size_t k = 0; k < merged->size(); ++k) {
    if (lists[0][k] == lists[1][k]) continue;
    const bool copied = k < data.rank() && data.shapes[0][k] == lists[0][k] && data.shapes[1][k] == lists[1][k];
    if (!copied && open) return false;
    (*merged)[k] = copied ? 0 : -1;
    open = open || !copied;
  }
  return true;
}

// Expand: an extent that the input has already need not be asked for.
bool Expanded(const Value& data, std::array<Integers, kSizes> lists, Integers* merged) {
  *merged = lists[0];
  for (size_t k = 0; k < merged->size(); ++k) {
    if (lists[0][k] == lists[1][k]) continue;
    const size_t behind = merged->size() - k;
    if (behind > data.rank()) return false;
    const size_t place = data.rank() - behind;
    if (data.shapes[0][place] != lists[0][k] || data.shapes[1][place] != lists[1][k]) return false;
    (*merged)[k] = 1;
  }
  return true;
}

// Slice: an end at the end of the dimension.
bool Sliced(const std::vector<Value>& inputs, std::array<Integers, kSizes> lists, Integers* merged) {
  *merged = lists[0];
  Integers axes;
  if (inputs.size() > 3 && inputs[3].present) {
    if (inputs[3].depends_on_batch()) return false;
    axes = ListsOf(inputs[3])[0];
  } else {
    for (size_t k = 0; k < merged->size(); ++k) axes.push_back(static_cast<int64_t>(k));
  }
  for (size_t k = 0; k < merged->size(); ++k) {
    if (lists[0][k] == lists[1][k]) continue;
    const int64_t rank = static_cast<int64_t>(inputs[0].rank());
    const int64_t axis = k < axes.size() ? (axes[k] < 0 ? axes[k] + rank : axes[k]) : -1;
    if (axis < 0 || axis >= rank) return false;
    const size_t place = static_cast<size_t>(axis);
    if (lists[0][k] < inputs[0].shapes[0][place] || lists[1][k] < inputs[0].shapes[1][place]) return false;
    (*merged)[k] = std::numeric_limits<int64_t>::max();
  }
  return true;
}

// Values that are the same along every dimension that differs, with 1 in its place: broadcasting repeats them.
ConstantPtr Collapsed(const Value& value) {
  DoubleTensor first = Widen(*value.constants[0]);
  const Shape &a = value.shapes[0], &b = value.shapes[1];
  if (a.size() != b.size()) return nullptr;
  for (size_t axis = 0; axis < a.size(); ++axis) {
    if (a[axis] == b[axis]) continue;
    int64_t inner = 1;
    for (size_t i = axis + 1; i < a.size(); ++i) inner *= first.shape[i];
    DoubleTensor kept;
    kept.shape = first.shape;
    kept.shape[axis] = 1;
    for (int64_t i = 0; i < static_cast<int64_t>(first.data.size()); ++i) {
      const int64_t place = i / inner % first.shape[axis];
      const double expected = first.data[static_cast<size_t>(i - place * inner)];
      if (first.data[static_cast<size_t>(i)] != expected) return nullptr;
      if (place == 0) kept.data.push_back(expected);
    }
    first = std::move(kept);
  }
  return Narrow(value.type, first);
}

bool Broadcasts(const std::string& op) {
  static const std::vector<std::string> operators = {
      "Add", "And",  "Div", "Equal", "Expand", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Max", "Min",
      "Mul", "Mean", "Or",  "Pow",   "Sub",    "Sum",     "Where",          "Xor"};
  return std::find(operators.begin(), operators.end(), op) != operators.end();
}

}  // namespace

Result<ConstantPtr> ForEveryBatch(const std::string& op, const std::vector<Value>& inputs, size_t i) {
  if (Broadcasts(op) && !(op == "Expand" && i == 1)) {
    ConstantPtr collapsed = Collapsed(inputs[i]);
    if (collapsed == nullptr || Widen(*collapsed).data != Widen(*Collapsed(inputs[i])).data) return Depends(i);
    return collapsed;
  }
  const std::array<Integers, kSizes> lists = ListsOf(inputs[i]);
  Integers merged;
  const bool follows = (op == "Reshape" && i == 1 && Reshaped(inputs[0], lists, &merged)) ||
                       (op == "Expand" && i == 1 && Expanded(inputs[0], lists, &merged)) ||
                       (op == "Slice" && i == 2 && Sliced(inputs, lists, &merged));
  if (!follows || merged.empty()) return Depends(i);
  return MakeIntegers(std::move(merged));
}

}  // namespace lowbit::onnx
