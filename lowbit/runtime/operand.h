#ifndef LOWBIT_RUNTIME_OPERAND_H_
#define LOWBIT_RUNTIME_OPERAND_H_

#include <string>
#include <vector>

#include "lowbit/runtime/step.h"
#include "lowbit/runtime/stored_constant.h"

namespace lowbit::runtime {

// What a step reads of a node's input: a computed value, or a constant.
struct Operand {
  int input = -1;               // Of the step; -1:
  std::vector<float> constant;  // this, as the runtime stores it.
  int64_t floats = 0;           // In the plan's shape.

  // Its elements for one of the batch's images, if the plan is one for an image. `inputs`: of the step.
  const float* Of(int64_t image, const RunContext& context, const std::vector<int>& inputs) const {
    if (input < 0) return constant.data();
    return context.Value(inputs[static_cast<size_t>(input)]) + image * floats;
  }
};

// Appends what is computed to the values that the step reads.
inline Operand ReadOperand(const std::string& name, const Lowering& lowering, std::vector<std::string>* reads) {
  Operand operand;
  operand.floats = Elements(lowering.ShapeOf(name));
  if (const Parameter* constant = lowering.Constant(name)) {
    operand.constant = StoredConstant(*constant);
  } else {
    operand.input = static_cast<int>(reads->size());
    reads->push_back(name);
  }
  return operand;
}

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_OPERAND_H_
