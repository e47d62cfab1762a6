#include <algorithm>
#include <numeric>
#include <utility>

#include "lowbit/core/operator.h"

namespace lowbit::ops::global_average_pool {
namespace {

Result<std::vector<Shape>> Infer(const Node&, const std::vector<InputView>& inputs) {
  Shape shape = inputs[0].shape;
  if (shape.size() < 3) return Invalid("input must be [N, C, H, W]; it has shape " + ToString(shape));
  std::fill(shape.begin() + 2, shape.end(), 1);
  return std::vector<Shape>{std::move(shape)};
}

// The mean over all dimensions behind the channels, which stay with extent 1.
std::vector<DoubleTensor> Evaluate(const Node&, const std::vector<const DoubleTensor*>& inputs) {
  const DoubleTensor& x = *inputs[0];
  Shape shape = x.shape;
  std::fill(shape.begin() + 2, shape.end(), 1);
  DoubleTensor y(std::move(shape));
  const size_t pixels = x.data.size() / y.data.size();
  for (size_t i = 0; i < y.data.size(); ++i) {
    const auto first = x.data.begin() + static_cast<std::ptrdiff_t>(i * pixels);
    y.data[i] = std::accumulate(first, first + static_cast<std::ptrdiff_t>(pixels), 0.0) / static_cast<double>(pixels);
  }
  return {std::move(y)};
}

}  // namespace

std::vector<Operator> Define() { return {{.name = "GlobalAveragePool", .infer = Infer, .evaluate = Evaluate}}; }

}  // namespace lowbit::ops::global_average_pool
