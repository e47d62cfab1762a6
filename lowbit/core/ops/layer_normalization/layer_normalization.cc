#include <algorithm>
#include <utility>

#include "lowbit/core/ops_common/axis.h"
#include "lowbit/core/ops_common/elementwise.h"
#include "lowbit/core/ops_common/normalize.h"

namespace lowbit::ops::layer_normalization {
namespace {

constexpr double kDefaultEpsilon = 1e-5;

Result<std::vector<Shape>> Infer(const Node& node, const std::vector<InputView>& inputs) {
  const Shape& input = inputs[0].shape;
  LOWBIT_TRY(const size_t axis, ResolveAxis(IntAttribute(node, "axis", -1), input.size()));
  const Shape normalized(input.begin() + static_cast<std::ptrdiff_t>(axis), input.end());
  for (size_t i = 1; i < inputs.size(); ++i) {
    if (!inputs[i].present) continue;
    const Result<Shape> shape = BroadcastShape(inputs[i].shape, normalized);
    if (shape.ok() && shape.value() == normalized) continue;
    return Invalid(std::string(i == 1 ? "scale" : "shift") + " of shape " + ToString(inputs[i].shape) +
                   " does not broadcast to " + ToString(normalized));
  }
  if (FloatAttribute(node, "epsilon", kDefaultEpsilon) <= 0) return Invalid("attribute 'epsilon' must be above 0");
  Shape statistics = input;
  std::fill(statistics.begin() + static_cast<std::ptrdiff_t>(axis), statistics.end(), 1);
  return std::vector<Shape>{input, statistics, statistics};
}

// What lies behind the axis by its own mean and variance: y = (x - mean) / sqrt(variance + epsilon) * scale + shift.
// Further outputs: the means, and 1 / sqrt(variance + epsilon).
std::vector<DoubleTensor> Evaluate(const Node& node, const std::vector<const DoubleTensor*>& inputs) {
  const double epsilon = FloatAttribute(node, "epsilon", kDefaultEpsilon);
  DoubleTensor y = *inputs[0];
  const size_t axis = ResolveAxis(IntAttribute(node, "axis", -1), y.shape.size()).value();
  const auto behind = y.shape.begin() + static_cast<std::ptrdiff_t>(axis);
  const Shape normalized(behind, y.shape.end());
  const DoubleTensor scale = BroadcastTo(*inputs[1], normalized);
  const bool has_shift = inputs.size() > 2 && inputs[2] != nullptr;
  const DoubleTensor shift = has_shift ? BroadcastTo(*inputs[2], normalized) : DoubleTensor(normalized);
  Shape one_each = y.shape;
  std::fill(one_each.begin() + static_cast<std::ptrdiff_t>(axis), one_each.end(), 1);
  DoubleTensor means(one_each), deviations(one_each);
  const size_t size = scale.data.size();
  for (size_t i = 0; i < means.data.size(); ++i) {
    const Span<double> values(y.data.data() + i * size, size);
    const Moments moments = Normalize(values, epsilon);
    means.data[i] = moments.mean;
    deviations.data[i] = moments.inverse_deviation;
    for (size_t k = 0; k < size; ++k) values[k] = values[k] * scale.data[k] + shift.data[k];
  }
  return {std::move(y), std::move(means), std::move(deviations)};
}

bool MixesImages(const Node& node, const std::vector<InputView>& inputs) {
  return ResolveAxis(IntAttribute(node, "axis", -1), inputs[0].shape.size()).value() == 0;
}

}  // namespace

std::vector<Operator> Define() {
  return {{
      .name = "LayerNormalization",
      .min_inputs = 2,
      .max_inputs = 3,
      .max_outputs = 3,
      .attributes = {{"axis", AttributeType::kInt},
                     {"epsilon", AttributeType::kFloat},
                     {"stash_type", AttributeType::kInt}},
      .infer = Infer,
      .evaluate = Evaluate,
      .mixes_images = MixesImages,
  }};
}

}  // namespace lowbit::ops::layer_normalization
