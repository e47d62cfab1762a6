// ScatterElements and ScatterND: a copy of the data with elements replaced, or combined, at positions that are data.

#include <algorithm>
#include <utility>

#include "lowbit/core/ops_common/axis.h"
#include "lowbit/core/ops_common/elementwise.h"
#include "lowbit/core/ops_common/lookup.h"

namespace lowbit::ops::scatter {
namespace {

using Combine = double (*)(double old, double update);

struct Reduction {
  const char* name;
  Combine combine;
};

constexpr Reduction kReductions[] = {{"none", [](double, double update) { return update; }},
                                     {"add", [](double old, double update) { return old + update; }},
                                     {"mul", [](double old, double update) { return old * update; }},
                                     {"max", [](double old, double update) { return std::max(old, update); }},
                                     {"min", [](double old, double update) { return std::min(old, update); }}};

Result<Combine> ReductionOf(const Node& node) {
  const std::string name = StringAttribute(node, "reduction", "none");
  for (const Reduction& reduction : kReductions) {
    if (reduction.name == name) return reduction.combine;
  }
  return Invalid("attribute 'reduction' must be none, add, mul, max or min; it is " + name);
}

Result<std::vector<Shape>> InferElements(const Node& node, const std::vector<InputView>& inputs) {
  const Shape &data = inputs[0].shape, &indices = inputs[1].shape, &updates = inputs[2].shape;
  LOWBIT_RETURN_IF_ERROR(ReductionOf(node));
  LOWBIT_TRY(const size_t axis, ResolveAxis(IntAttribute(node, "axis", 0), data.size()));
  LOWBIT_RETURN_IF_ERROR(CheckPositions(inputs[1], data[axis]));
  bool fits = indices.size() == data.size() && updates == indices;
  for (size_t i = 0; fits && i < data.size(); ++i) fits = i == axis || indices[i] <= data[i];
  if (fits) return std::vector<Shape>{data};
  return Invalid("indices of shape " + ToString(indices) + " and updates of shape " + ToString(updates) +
                 " do not fit " + ToString(data));
}

// y = x; then y[p with p[axis] replaced by indices[p]] takes updates[p], in row-major order of p.
std::vector<DoubleTensor> EvaluateElements(const Node& node, const std::vector<const DoubleTensor*>& inputs) {
  const DoubleTensor &indices = *inputs[1], &updates = *inputs[2];
  const Combine combine = ReductionOf(node).value();
  DoubleTensor y = *inputs[0];
  const size_t axis = ResolveAxis(IntAttribute(node, "axis", 0), y.shape.size()).value();
  std::vector<int64_t> strides = RowMajorStrides(y.shape);
  const int64_t stride = std::exchange(strides[axis], 0);
  const std::vector<int64_t> to = GatherIndices(indices.shape, strides);
  for (size_t i = 0; i < to.size(); ++i) {
    double& target = y.data[static_cast<size_t>(to[i] + stride * PositionOf(indices.data[i], y.shape[axis]))];
    target = combine(target, updates.data[i]);
  }
  return {std::move(y)};
}

// Indices that are a parameter name elements of the first images.
bool MixesElements(const Node& node, const std::vector<InputView>& inputs) {
  return inputs[1].floats != nullptr || ResolveAxis(IntAttribute(node, "axis", 0), inputs[0].shape.size()).value() == 0;
}

Result<std::vector<Shape>> InferND(const Node& node, const std::vector<InputView>& inputs) {
  const Shape &data = inputs[0].shape, &indices = inputs[1].shape, &updates = inputs[2].shape;
  LOWBIT_RETURN_IF_ERROR(ReductionOf(node));
  const int64_t depth = indices.empty() ? 0 : indices.back();
  if (depth < 1 || depth > static_cast<int64_t>(data.size())) {
    return Invalid("indices of shape " + ToString(indices) + " do not fit " + ToString(data));
  }
  Shape expected(indices.begin(), indices.end() - 1);
  expected.insert(expected.end(), data.begin() + depth, data.end());
  if (updates == expected) return std::vector<Shape>{data};
  return Invalid("updates have shape " + ToString(updates) + "; expected " + ToString(expected));
}

// indices[..., k] name the first k dimensions; an update fills what they leave.
std::vector<DoubleTensor> EvaluateND(const Node& node, const std::vector<const DoubleTensor*>& inputs) {
  const DoubleTensor &indices = *inputs[1], &updates = *inputs[2];
  const Combine combine = ReductionOf(node).value();
  DoubleTensor y = *inputs[0];
  const size_t depth = static_cast<size_t>(indices.shape.back());
  const std::vector<int64_t> strides = RowMajorStrides(y.shape);
  const size_t run = static_cast<size_t>(ProductOf(y.shape, depth, y.shape.size()));
  for (size_t tuple = 0; tuple < indices.data.size() / depth; ++tuple) {
    int64_t to = 0;
    for (size_t k = 0; k < depth; ++k) to += strides[k] * PositionOf(indices.data[tuple * depth + k], y.shape[k]);
    for (size_t i = 0; i < run; ++i) {
      double& target = y.data[static_cast<size_t>(to) + i];
      target = combine(target, updates.data[tuple * run + i]);
    }
  }
  return {std::move(y)};
}

bool AlwaysMixes(const Node&, const std::vector<InputView>&) { return true; }

}  // namespace

std::vector<Operator> Define() {
  return {{.name = "ScatterElements",
           .min_inputs = 3,
           .max_inputs = 3,
           .attributes = {{"axis", AttributeType::kInt}, {"reduction", AttributeType::kString}},
           .infer = InferElements,
           .evaluate = EvaluateElements,
           .mixes_images = MixesElements},
          {.name = "ScatterND",
           .min_inputs = 3,
           .max_inputs = 3,
           .attributes = {{"reduction", AttributeType::kString}},
           .infer = InferND,
           .evaluate = EvaluateND,
           .mixes_images = AlwaysMixes}};
}

}  // namespace lowbit::ops::scatter
