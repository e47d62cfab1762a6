#include "lowbit/core/element_type.h"
#include "lowbit/core/ops_common/elementwise.h"

namespace lowbit::ops::cast {
namespace {

Result<std::vector<Shape>> Infer(const Node& node, const std::vector<InputView>& inputs) {
  const int64_t to = IntAttribute(node, "to", 0);
  if (!ElementTypeOf(to).has_value()) {
    return Invalid("attribute 'to' is " + std::to_string(to) + ", which is no element type of numbers");
  }
  return std::vector<Shape>{inputs[0].shape};
}

// y = what the type `to` (ONNX's number) keeps of x.
std::vector<DoubleTensor> Evaluate(const Node& node, const std::vector<const DoubleTensor*>& inputs) {
  const ElementType type = ElementTypeOf(IntAttribute(node, "to", 0)).value();
  return Map(*inputs[0], [type](double x) { return ConvertTo(type, x); });
}

}  // namespace

std::vector<Operator> Define() {
  return {{.name = "Cast", .attributes = {{"to", AttributeType::kInt, true}}, .infer = Infer, .evaluate = Evaluate}};
}

}  // namespace lowbit::ops::cast
