#include <algorithm>
#include <cmath>
#include <utility>

#include "lowbit/core/operator.h"
#include "lowbit/core/ops_common/axis.h"

namespace lowbit::ops::batch_normalization {
namespace {

constexpr double kDefaultEpsilon = 1e-5;

Result<std::vector<Shape>> Infer(const Node& node, const std::vector<InputView>& inputs) {
  const Shape& input = inputs[0].shape;
  if (input.size() < 2) return Invalid("input must be [N, C, ...]; it has shape " + ToString(input));
  static constexpr const char* kNames[] = {"input", "scale", "shift", "mean", "variance"};
  for (size_t i = 1; i < 5; ++i) {
    if (inputs[i].shape == Shape{input[1]}) continue;
    return Invalid(std::string(kNames[i]) + " must be " + ToString({input[1]}) +
                   ", one for each channel; it has shape " + ToString(inputs[i].shape));
  }
  if (FloatAttribute(node, "epsilon", kDefaultEpsilon) <= 0) return Invalid("attribute 'epsilon' must be above 0");
  if (IntAttribute(node, "training_mode", 0) != 0) return Invalid("attribute 'training_mode' must be 0");
  const FloatTensor* variance = inputs[4].floats;
  if (variance != nullptr && std::any_of(variance->data.begin(), variance->data.end(), [](float v) { return v < 0; })) {
    return Invalid("variance must not be negative");
  }
  return std::vector<Shape>{input};
}

// y = (x - mean[c]) / sqrt(variance[c] + epsilon) * scale[c] + shift[c]
std::vector<DoubleTensor> Evaluate(const Node& node, const std::vector<const DoubleTensor*>& inputs) {
  const DoubleTensor& x = *inputs[0];
  const double epsilon = FloatAttribute(node, "epsilon", kDefaultEpsilon);
  const AxisSplit split = SplitAt(x.shape, 1);
  DoubleTensor y(x.shape);
  for (size_t i = 0; i < x.data.size(); ++i) {
    const size_t c = i / static_cast<size_t>(split.inner) % static_cast<size_t>(split.extent);
    const double normal = (x.data[i] - inputs[3]->data[c]) / std::sqrt(inputs[4]->data[c] + epsilon);
    y.data[i] = normal * inputs[1]->data[c] + inputs[2]->data[c];
  }
  return {std::move(y)};
}

}  // namespace

std::vector<Operator> Define() {
  return {{
      .name = "BatchNormalization",
      .min_inputs = 5,
      .max_inputs = 5,
      .attributes = {{"epsilon", AttributeType::kFloat},
                     {"momentum", AttributeType::kFloat},
                     {"training_mode", AttributeType::kInt}},
      .infer = Infer,
      .evaluate = Evaluate,
  }};
}

}  // namespace lowbit::ops::batch_normalization
