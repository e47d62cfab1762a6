#include "lowbit/core/operator.h"

namespace lowbit::ops::dropout {
namespace {

Result<std::vector<Shape>> Infer(const Node&, const std::vector<InputView>& inputs) {
  for (size_t i = 1; i < inputs.size(); ++i) {
    if (!inputs[i].present || Elements(inputs[i].shape) == 1) continue;
    return Invalid(std::string(i == 1 ? "ratio" : "training_mode") + " must be one value; it has shape " +
                   ToString(inputs[i].shape));
  }
  const FloatTensor* ratio = inputs.size() > 1 ? inputs[1].floats : nullptr;
  if (ratio != nullptr && !(ratio->data[0] >= 0 && ratio->data[0] < 1)) {
    return Invalid("ratio " + std::to_string(ratio->data[0]) + " must be at least 0 and below 1");
  }
  return std::vector<Shape>{inputs[0].shape};
}

}  // namespace

// At inference Dropout does nothing. Input 1 (ratio, 0.5 if left out) is for training; input 2 (training_mode) is
// accepted because files carry it.
std::vector<Operator> Define() {
  return {{
      .name = "Dropout",
      .max_inputs = 3,
      .integer_inputs = {2},
      .attributes = {{"seed", AttributeType::kInt}},
      .infer = Infer,
      .evaluate = [](const Node&,
                     const std::vector<const DoubleTensor*>& inputs) { return std::vector<DoubleTensor>{*inputs[0]}; },
  }};
}

}  // namespace lowbit::ops::dropout
