#include <algorithm>
#include <cmath>
#include <utility>

#include "lowbit/core/operator.h"
#include "lowbit/core/ops_common/axis.h"
#include "lowbit/core/ops_common/normalize.h"

namespace lowbit::ops::instance_normalization {
namespace {

constexpr double kDefaultEpsilon = 1e-5;

Result<std::vector<Shape>> Infer(const Node& node, const std::vector<InputView>& inputs) {
  const Shape& input = inputs[0].shape;
  if (input.size() < 3) return Invalid("input must be [N, C, ...]; it has shape " + ToString(input));
  for (size_t i = 1; i < 3; ++i) {
    if (inputs[i].shape == Shape{input[1]}) continue;
    return Invalid(std::string(i == 1 ? "scale" : "shift") + " must be " + ToString({input[1]}) +
                   ", one for each channel; it has shape " + ToString(inputs[i].shape));
  }
  if (FloatAttribute(node, "epsilon", kDefaultEpsilon) <= 0) return Invalid("attribute 'epsilon' must be above 0");
  return std::vector<Shape>{input};
}

// Each channel of each image by its own mean and variance: y = (x - mean) / sqrt(variance + epsilon) * scale[c] + shift[c]
std::vector<DoubleTensor> Evaluate(const Node& node, const std::vector<const DoubleTensor*>& inputs) {
  const double epsilon = FloatAttribute(node, "epsilon", kDefaultEpsilon);
  DoubleTensor y = *inputs[0];
  const size_t pixels = static_cast<size_t>(ProductOf(y.shape, 2, y.shape.size()));
  for (size_t plane = 0; plane < y.data.size() / pixels; ++plane) {
    const Span<double> values(y.data.data() + plane * pixels, pixels);
    Normalize(values, epsilon);
    const size_t c = plane % static_cast<size_t>(y.shape[1]);
    for (double& value : values) value = value * inputs[1]->data[c] + inputs[2]->data[c];
  }
  return {std::move(y)};
}

}  // namespace

std::vector<Operator> Define() {
  return {{
      .name = "InstanceNormalization",
      .min_inputs = 3,
      .max_inputs = 3,
      .attributes = {{"epsilon", AttributeType::kFloat}},
      .infer = Infer,
      .evaluate = Evaluate,
  }};
}

}  // namespace lowbit::ops::instance_normalization
