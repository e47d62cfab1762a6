// Gather, GatherElements, GatherND: elements at positions that are data.

#include <algorithm>
#include <utility>

#include "lowbit/core/ops_common/axis.h"
#include "lowbit/core/ops_common/elementwise.h"
#include "lowbit/core/ops_common/lookup.h"

namespace lowbit::ops::gather {
namespace {

Result<std::vector<Shape>> InferGather(const Node& node, const std::vector<InputView>& inputs) {
  Shape shape = inputs[0].shape;
  LOWBIT_TRY(const size_t axis, ResolveAxis(IntAttribute(node, "axis", 0), shape.size()));
  LOWBIT_RETURN_IF_ERROR(CheckPositions(inputs[1], shape[axis]));
  const auto place = shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(axis));
  shape.insert(place, inputs[1].shape.begin(), inputs[1].shape.end());
  return std::vector<Shape>{std::move(shape)};
}

// y[outer, k, inner] = x[outer, indices[k], inner] around the axis.
std::vector<DoubleTensor> EvaluateGather(const Node& node, const std::vector<const DoubleTensor*>& inputs) {
  const DoubleTensor &x = *inputs[0], &indices = *inputs[1];
  const size_t axis = ResolveAxis(IntAttribute(node, "axis", 0), x.shape.size()).value();
  const AxisSplit split = SplitAt(x.shape, axis);
  Shape shape(x.shape.begin(), x.shape.begin() + static_cast<std::ptrdiff_t>(axis));
  shape.insert(shape.end(), indices.shape.begin(), indices.shape.end());
  shape.insert(shape.end(), x.shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1, x.shape.end());
  DoubleTensor y(std::move(shape));
  auto out = y.data.begin();
  for (int64_t outer = 0; outer < split.outer; ++outer) {
    for (const double index : indices.data) {
      const int64_t from = (outer * split.extent + PositionOf(index, split.extent)) * split.inner;
      out = std::copy_n(x.data.begin() + from, split.inner, out);
    }
  }
  return {std::move(y)};
}

// A first dimension that is looked up is that of the images, unless the data is a parameter.
bool GathersImages(const Node& node, const std::vector<InputView>& inputs) {
  return inputs[0].floats == nullptr && ResolveAxis(IntAttribute(node, "axis", 0), inputs[0].shape.size()).value() == 0;
}

// So are its rows that lie beside those of the indices, if the data is a parameter.
bool GathersImagesElements(const Node& node, const std::vector<InputView>& inputs) {
  const bool first = ResolveAxis(IntAttribute(node, "axis", 0), inputs[0].shape.size()).value() == 0;
  return first == (inputs[0].floats == nullptr);
}

Result<std::vector<Shape>> InferElements(const Node& node, const std::vector<InputView>& inputs) {
  const Shape &data = inputs[0].shape, &indices = inputs[1].shape;
  LOWBIT_TRY(const size_t axis, ResolveAxis(IntAttribute(node, "axis", 0), data.size()));
  LOWBIT_RETURN_IF_ERROR(CheckPositions(inputs[1], data[axis]));
  bool fits = indices.size() == data.size();
  for (size_t i = 0; fits && i < data.size(); ++i) fits = i == axis || indices[i] <= data[i];
  if (fits) return std::vector<Shape>{indices};
  return Invalid("indices of shape " + ToString(indices) + " do not fit " + ToString(data));
}

// y[p] = x[p with p[axis] replaced by indices[p]]
std::vector<DoubleTensor> EvaluateElements(const Node& node, const std::vector<const DoubleTensor*>& inputs) {
  const DoubleTensor &x = *inputs[0], &indices = *inputs[1];
  const size_t axis = ResolveAxis(IntAttribute(node, "axis", 0), x.shape.size()).value();
  std::vector<int64_t> strides = RowMajorStrides(x.shape);
  const int64_t stride = std::exchange(strides[axis], 0);
  std::vector<int64_t> from = GatherIndices(indices.shape, strides);
  for (size_t i = 0; i < from.size(); ++i) from[i] += stride * PositionOf(indices.data[i], x.shape[axis]);
  return {Gather(x, indices.shape, from)};
}

// indices[..., k] name the first k dimensions behind batch_dims; what they leave of the data is copied.
Result<Shape> ShapeOfND(const Node& node, const Shape& data, const Shape& indices) {
  const int64_t batch = IntAttribute(node, "batch_dims", 0);
  const int64_t rank = static_cast<int64_t>(data.size());
  const int64_t depth = indices.empty() ? 0 : indices.back();
  if (batch < 0 || batch >= static_cast<int64_t>(indices.size()) || depth < 1 || batch + depth > rank) {
    return Invalid("indices of shape " + ToString(indices) + " with batch_dims " + std::to_string(batch) +
                   " do not fit " + ToString(data));
  }
  if (!std::equal(data.begin(), data.begin() + batch, indices.begin())) {
    return Invalid("the first " + std::to_string(batch) + " dimensions of " + ToString(data) + " and " +
                   ToString(indices) + " differ");
  }
  Shape shape(indices.begin(), indices.end() - 1);
  shape.insert(shape.end(), data.begin() + batch + depth, data.end());
  return shape;
}

Result<std::vector<Shape>> InferND(const Node& node, const std::vector<InputView>& inputs) {
  LOWBIT_TRY(Shape shape, ShapeOfND(node, inputs[0].shape, inputs[1].shape));
  return std::vector<Shape>{std::move(shape)};
}

std::vector<DoubleTensor> EvaluateND(const Node& node, const std::vector<const DoubleTensor*>& inputs) {
  const DoubleTensor &x = *inputs[0], &indices = *inputs[1];
  DoubleTensor y(ShapeOfND(node, x.shape, indices.shape).value());
  const size_t batch = static_cast<size_t>(IntAttribute(node, "batch_dims", 0));
  const size_t depth = static_cast<size_t>(indices.shape.back());
  const std::vector<int64_t> strides = RowMajorStrides(x.shape);
  const int64_t run = ProductOf(x.shape, batch + depth, x.shape.size());
  const size_t tuples = indices.data.size() / depth;
  const size_t tuples_each = tuples / static_cast<size_t>(ProductOf(x.shape, 0, batch));
  auto out = y.data.begin();
  for (size_t tuple = 0; tuple < tuples; ++tuple) {
    int64_t from = static_cast<int64_t>(tuple / tuples_each) * ProductOf(x.shape, batch, x.shape.size());
    for (size_t k = 0; k < depth; ++k) {
      from += strides[batch + k] * PositionOf(indices.data[tuple * depth + k], x.shape[batch + k]);
    }
    out = std::copy_n(x.data.begin() + from, run, out);
  }
  return {std::move(y)};
}

bool GathersImagesND(const Node& node, const std::vector<InputView>&) {
  return IntAttribute(node, "batch_dims", 0) == 0;
}

Operator Describe(const char* name, const char* attribute) {
  return {.name = name, .min_inputs = 2, .max_inputs = 2, .attributes = {{attribute, AttributeType::kInt}}};
}

}  // namespace

std::vector<Operator> Define() {
  Operator gather = Describe("Gather", "axis"), elements = Describe("GatherElements", "axis"),
           nd = Describe("GatherND", "batch_dims");
  gather.infer = InferGather, gather.evaluate = EvaluateGather, gather.mixes_images = GathersImages;
  elements.infer = InferElements, elements.evaluate = EvaluateElements, elements.mixes_images = GathersImagesElements;
  nd.infer = InferND, nd.evaluate = EvaluateND, nd.mixes_images = GathersImagesND;
  return {gather, elements, nd};
}

}  // namespace lowbit::ops::gather
