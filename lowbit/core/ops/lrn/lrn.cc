#include <algorithm>
#include <cmath>
#include <utility>

#include "lowbit/core/operator.h"
#include "lowbit/core/ops_common/axis.h"

namespace lowbit::ops::lrn {
namespace {

Result<std::vector<Shape>> Infer(const Node& node, const std::vector<InputView>& inputs) {
  if (inputs[0].shape.size() < 2) return Invalid("input must be [N, C, ...]; it has " + ToString(inputs[0].shape));
  if (IntAttribute(node, "size", 0) < 1) return Invalid("attribute 'size' must be at least 1");
  if (FloatAttribute(node, "bias", 1) <= 0 || FloatAttribute(node, "alpha", 1e-4) < 0) {
    return Invalid("attribute 'bias' must be above 0 and 'alpha' not below");
  }
  return std::vector<Shape>{inputs[0].shape};
}

// y[c] = x[c] / (bias + alpha / size * sum of x[j]^2 over the `size` channels around c)^beta
// (Krizhevsky et al. 2012); of an even number of neighbours one more lies behind than before.
std::vector<DoubleTensor> Evaluate(const Node& node, const std::vector<const DoubleTensor*>& inputs) {
  const int64_t size = IntAttribute(node, "size", 1), before = (size - 1) / 2, behind = size - 1 - before;
  const double alpha = FloatAttribute(node, "alpha", 1e-4), beta = FloatAttribute(node, "beta", 0.75);
  const double bias = FloatAttribute(node, "bias", 1);
  return {MapLines(*inputs[0], 1, [=](std::vector<double>* line) {
    const std::vector<double> x = *line;
    const int64_t channels = static_cast<int64_t>(x.size());
    for (int64_t c = 0; c < channels; ++c) {
      double squares = 0;
      const int64_t last = c + std::min(behind, channels - 1 - c);
      for (int64_t j = std::max<int64_t>(0, c - before); j <= last; ++j) {
        squares += x[static_cast<size_t>(j)] * x[static_cast<size_t>(j)];
      }
      (*line)[static_cast<size_t>(c)] /= std::pow(bias + alpha / static_cast<double>(size) * squares, beta);
    }
  })};
}

}  // namespace

std::vector<Operator> Define() {
  return {{
      .name = "LRN",
      .attributes = {{"alpha", AttributeType::kFloat},
                     {"beta", AttributeType::kFloat},
                     {"bias", AttributeType::kFloat},
                     {"size", AttributeType::kInt, true}},
      .infer = Infer,
      .evaluate = Evaluate,
  }};
}

}  // namespace lowbit::ops::lrn
