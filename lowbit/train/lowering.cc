#include "lowbit/train/lowering.h"

#include <stdexcept>

namespace lowbit::train {

void LoweringRequest::Reject(const std::string& rule) const {
  throw std::invalid_argument("node '" + node.name + "' (" + node.op + "): " + rule);
}

const std::vector<int64_t>& LoweringRequest::Integers(size_t input) const {
  const Parameter* parameter = input < parameters.size() ? parameters[input] : nullptr;
  const auto* integers = parameter == nullptr ? nullptr : std::get_if<Int64Tensor>(&parameter->value);
  if (integers == nullptr) Reject("input " + std::to_string(input) + " must be an integer parameter of the graph");
  return integers->data;
}

double LoweringRequest::Scalar(size_t input, double otherwise) const {
  if (!HasInput(node, input)) return otherwise;
  const auto* floats = parameters[input] == nullptr ? nullptr : std::get_if<FloatTensor>(&parameters[input]->value);
  if (floats == nullptr || floats->data.size() != 1) {
    Reject("input " + std::to_string(input) + " must be a float parameter of one element");
  }
  return floats->data[0];
}

const LoweringTable& Lowerings() {
  static const LoweringTable table = [] {
    LoweringTable made;
    AddActivations(&made);
    AddConvolutions(&made);
    AddFunctions(&made);
    AddLookups(&made);
    AddNormalizations(&made);
    AddPools(&made);
    AddProducts(&made);
    AddQuantizers(&made);
    AddRecurrent(&made);
    AddResampling(&made);
    AddShapes(&made);
    return made;
  }();
  return table;
}

}  // namespace lowbit::train
