// Operators whose results are known when the file is read.

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "lowbit/core/ops_common/axis.h"
#include "lowbit/core/ops_common/elementwise.h"
#include "lowbit/format/onnx/rules.h"

namespace lowbit::onnx {
namespace {

constexpr int64_t kMaxElementsMade = int64_t{1} << 24;

Outputs One(Value value) { return std::vector<Value>{std::move(value)}; }

// The value is in one of several attributes.
Outputs ConstantNode(Call call, Builder*) {
  if (call.tensors.count("value") != 0) return One(Builder::Known(call.tensors.at("value")));
  for (const auto& [name, attribute] : call.attributes) {
    if (const auto* integer = std::get_if<int64_t>(&attribute)) {
      return One(Builder::Known(Narrow(ElementType::kInt64, DoubleTensor({}, {static_cast<double>(*integer)}))));
    }
    if (const auto* number = std::get_if<double>(&attribute)) return One(Builder::Known(MakeScalar(*number)));
    if (const auto* list = std::get_if<std::vector<int64_t>>(&attribute)) {
      return One(Builder::Known(MakeIntegers(*list)));
    }
    if (const auto* list = std::get_if<std::vector<double>>(&attribute)) {
      return One(
          Builder::Known(Narrow(ElementType::kFloat32, DoubleTensor({static_cast<int64_t>(list->size())}, *list))));
    }
  }
  return Invalid("has no value that is a tensor of numbers");
}

// Applies make(shape) for each size of the batch.
template <typename Make>
Value ForEach(const std::array<Shape, kSizes>& shapes, Make make) {
  std::array<ConstantPtr, kSizes> constants;
  for (size_t size = 0; size < kSizes; ++size) {
    const bool same = size > 0 && shapes[size] == shapes[0];
    constants[size] = same ? constants[0] : make(shapes[size]);
  }
  return Builder::KnownForEach(constants);
}

Outputs ShapeNode(Call call, Builder*) {
  const int64_t rank = static_cast<int64_t>(call.Input(0).rank());
  const auto place = [rank](int64_t bound) { return std::clamp<int64_t>(bound < 0 ? bound + rank : bound, 0, rank); };
  const int64_t start = place(call.Int("start", 0)), end = std::max(start, place(call.Int("end", rank)));
  std::array<ConstantPtr, kSizes> constants;
  for (size_t size = 0; size < kSizes; ++size) {
    const Shape& shape = call.Input(0).shapes[size];
    constants[size] = MakeIntegers({shape.begin() + start, shape.begin() + end});
  }
  return One(Builder::KnownForEach(constants));
}

Outputs SizeNode(Call call, Builder*) {
  std::array<ConstantPtr, kSizes> constants;
  for (size_t size = 0; size < kSizes; ++size) {
    const double elements = static_cast<double>(Elements(call.Input(0).shapes[size]));
    constants[size] = Narrow(ElementType::kInt64, DoubleTensor({}, {elements}));
  }
  return One(Builder::KnownForEach(constants));
}

Outputs ConstantOfShape(Call call, Builder* builder) {
  ConstantPtr value = MakeScalar(0);
  if (call.tensors.count("value") != 0) {
    const Constant& given = *call.tensors.at("value");
    if (Elements(given.shape()) != 1) return Invalid("attribute 'value' must be one value");
    value = Narrow(given.type, DoubleTensor({}, Widen(given).data));
  }
  // An empty list, as the pads of the dimensions that are left, is known. (Operators of core never make anything
  // empty.)
  if (const Result<std::vector<int64_t>> shape = KnownIntegers(call, 0); shape.ok() && shape.value() == Shape{0}) {
    return One(Builder::Known(Narrow(value->type, DoubleTensor({0}, {}))));
  }
  return builder->Apply("Expand", {Builder::Known(std::move(value)), call.Input(0)});
}

// start, start + delta, ... before limit.
Outputs RangeNode(Call call, Builder*) {
  double bounds[3];
  for (size_t i = 0; i < 3; ++i) {
    const Value& value = call.Input(i);
    if (value.depends_on_batch()) {
      return Invalid("input " + std::to_string(i) +
                     " depends on the size of the batch; give the network's input a shape with a fixed one");
    }
    if (!value.known() || Elements(value.shape()) != 1) {
      return Invalid("input " + std::to_string(i) + " must be one number that is known when the file is read");
    }
    bounds[i] = Widen(*value.constants[0]).data[0];
  }
  const double count = std::ceil((bounds[1] - bounds[0]) / bounds[2]);
  if (!(count >= 0 && count <= static_cast<double>(kMaxElementsMade))) return Invalid("is empty or too long");
  DoubleTensor values({static_cast<int64_t>(count)});
  for (size_t i = 0; i < values.data.size(); ++i) values.data[i] = bounds[0] + static_cast<double>(i) * bounds[2];
  return One(Builder::Known(Narrow(call.Input(0).type, values)));
}

Result<ElementType> TypeOr(const Call& call, const std::string& attribute, ElementType otherwise) {
  if (call.attributes.count(attribute) == 0) return otherwise;
  const std::optional<ElementType> type = ElementTypeOf(call.Int(attribute, 0));
  if (type.has_value()) return *type;
  return Invalid("attribute '" + attribute + "' is no element type of numbers");
}

// Ones on the diagonal k.
Outputs EyeLike(Call call, Builder*) {
  const Value& x = call.Input(0);
  const int64_t k = std::clamp<int64_t>(call.Int("k", 0), -kMaxElementsMade, kMaxElementsMade);
  if (x.rank() != 2 || Elements(x.shape()) > kMaxElementsMade) {
    return Invalid("input must be a matrix, and not too large");
  }
  LOWBIT_TRY(const ElementType type, TypeOr(call, "dtype", x.type));
  return One(ForEach(x.shapes, [&](const Shape& shape) {
    DoubleTensor eye(shape);
    for (int64_t row = 0; row < shape[0]; ++row) {
      if (row + k >= 0 && row + k < shape[1]) eye.data[static_cast<size_t>(row * shape[1] + row + k)] = 1;
    }
    return Narrow(type, eye);
  }));
}

// Zeros on one side of the diagonal k: a choice between the values and 0 by a mask that is known.
Outputs Trilu(Call call, Builder* builder) {
  const Value& x = call.Input(0);
  if (x.rank() < 2 || Elements(x.shape()) > kMaxElementsMade) {
    return Invalid("input must be a matrix, and not too large");
  }
  int64_t k = 0;
  if (call.Input(1).present) {
    LOWBIT_TRY(const std::vector<int64_t> diagonal, KnownIntegers(call, 1));
    if (diagonal.size() != 1) return Invalid("k must be one integer");
    k = std::clamp<int64_t>(diagonal[0], -kMaxElementsMade, kMaxElementsMade);
  }
  const bool upper = call.Int("upper", 1) != 0;
  std::array<Shape, kSizes> shapes;
  for (size_t size = 0; size < kSizes; ++size) shapes[size] = Shape(x.shapes[size].end() - 2, x.shapes[size].end());
  const Value mask = ForEach(shapes, [&](const Shape& shape) {
    DoubleTensor kept(shape);
    for (int64_t i = 0; i < static_cast<int64_t>(kept.data.size()); ++i) {
      const int64_t offset = i % shape[1] - i / shape[1];
      kept.data[static_cast<size_t>(i)] = (upper ? offset >= k : offset <= k) ? 1 : 0;
    }
    return Narrow(ElementType::kBool, kept);
  });
  const Value zero = Builder::Known(Narrow(x.type, DoubleTensor({}, {0})));
  return builder->Apply("Where", {mask, x, zero});
}

// The positions of the elements that are not 0, of a tensor that is known.
Outputs NonZero(Call call, Builder*) {
  const Value& x = call.Input(0);
  if (!x.known() || x.depends_on_batch()) {
    return Invalid(
        "how many places it finds depends on what the network computes, and shapes must be known when the file is "
        "read; "
        "export the network without what chooses boxes by their scores");
  }
  const DoubleTensor values = Widen(*x.constants[0]);
  const std::vector<int64_t> strides = ops::RowMajorStrides(values.shape);
  std::vector<int64_t> places;
  for (size_t i = 0; i < values.data.size(); ++i) {
    if (values.data[i] != 0) places.push_back(static_cast<int64_t>(i));
  }
  DoubleTensor positions({static_cast<int64_t>(values.shape.size()), static_cast<int64_t>(places.size())});
  size_t out = 0;
  for (size_t axis = 0; axis < strides.size(); ++axis) {
    for (const int64_t place : places) {
      positions.data[out++] = static_cast<double>(place / strides[axis] % values.shape[axis]);
    }
  }
  return One(Builder::Known(Narrow(ElementType::kInt64, positions)));
}

// What a condition that is known leaves: a Gather.
Outputs Compress(Call call, Builder* builder) {
  LOWBIT_TRY(const std::vector<int64_t> condition, KnownIntegers(call, 1));
  std::vector<int64_t> kept;
  for (size_t i = 0; i < condition.size(); ++i) {
    if (condition[i] != 0) kept.push_back(static_cast<int64_t>(i));
  }
  Value data = call.Input(0);
  if (call.attributes.count("axis") == 0) {
    LOWBIT_TRY(data, builder->Apply1("Reshape", {data, Builder::Known(MakeIntegers({-1}))}));
  }
  return builder->Apply("Gather", {data, Builder::Known(MakeIntegers(kept))}, {{"axis", call.Int("axis", 0)}});
}

}  // namespace

void AddConstantRules(RuleTable* table) {
  (*table)["Constant"] = ConstantNode;
  (*table)["ConstantOfShape"] = ConstantOfShape;
  (*table)["Compress"] = Compress;
  (*table)["EyeLike"] = EyeLike;
  (*table)["NonZero"] = NonZero;
  (*table)["Range"] = RangeNode;
  (*table)["Shape"] = ShapeNode;
  (*table)["Size"] = SizeNode;
  (*table)["Trilu"] = Trilu;
}

}  // namespace lowbit::onnx
