#include <cmath>

#include "lowbit/core/ops_common/elementwise.h"

// QONNX's BipolarQuant: activations of one bit. 0 counts as positive, a NaN as negative.

namespace lowbit::ops::bipolar_quant {
namespace {

Result<std::vector<Shape>> Infer(const Node&, const std::vector<InputView>& inputs) {
  const FloatTensor* scale = inputs[1].floats;
  if (scale == nullptr) return Invalid("scale must be a float parameter");
  if (scale->data.size() != 1) return Invalid("scale must be one value; it has shape " + ToString(inputs[1].shape));
  if (!(scale->data[0] > 0) || !std::isfinite(scale->data[0])) return Invalid("scale must be positive and finite");
  return std::vector<Shape>{inputs[0].shape};
}

std::vector<DoubleTensor> Evaluate(const Node&, const std::vector<const DoubleTensor*>& inputs) {
  const double scale = inputs[1]->data[0];
  return Map(*inputs[0], [scale](double x) { return x >= 0 ? scale : -scale; });
}

}  // namespace

std::vector<Operator> Define() {
  return {{.name = "BipolarQuant", .min_inputs = 2, .max_inputs = 2, .infer = Infer, .evaluate = Evaluate}};
}

}  // namespace lowbit::ops::bipolar_quant
