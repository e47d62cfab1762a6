// Shape and Size: a tensor's extents, and their product, as data.

#include <algorithm>
#include <utility>

#include "lowbit/core/operator.h"

namespace lowbit::ops::extents {
namespace {

// The extents [start, end) with numpy's bounds.
Shape Part(const Node& node, const Shape& shape) {
  const int64_t rank = static_cast<int64_t>(shape.size());
  const auto place = [rank](int64_t bound) { return std::clamp<int64_t>(bound < 0 ? bound + rank : bound, 0, rank); };
  const int64_t start = place(IntAttribute(node, "start", 0)), end = place(IntAttribute(node, "end", rank));
  return start < end ? Shape(shape.begin() + start, shape.begin() + end) : Shape();
}

Result<std::vector<Shape>> InferShape(const Node& node, const std::vector<InputView>& inputs) {
  return std::vector<Shape>{{static_cast<int64_t>(Part(node, inputs[0].shape).size())}};
}

std::vector<DoubleTensor> EvaluateShape(const Node& node, const std::vector<const DoubleTensor*>& inputs) {
  const Shape part = Part(node, inputs[0]->shape);
  return {DoubleTensor({static_cast<int64_t>(part.size())}, std::vector<double>(part.begin(), part.end()))};
}

Result<std::vector<Shape>> InferSize(const Node&, const std::vector<InputView>&) { return std::vector<Shape>{Shape()}; }

std::vector<DoubleTensor> EvaluateSize(const Node&, const std::vector<const DoubleTensor*>& inputs) {
  return {DoubleTensor({}, {static_cast<double>(inputs[0]->data.size())})};
}

}  // namespace

std::vector<Operator> Define() {
  return {{.name = "Shape",
           .attributes = {{"start", AttributeType::kInt}, {"end", AttributeType::kInt}},
           .infer = InferShape,
           .evaluate = EvaluateShape},
          {.name = "Size", .infer = InferSize, .evaluate = EvaluateSize}};
}

}  // namespace lowbit::ops::extents
