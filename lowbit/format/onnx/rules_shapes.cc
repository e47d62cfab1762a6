// Operators that rearrange elements: what was an attribute became an input, and opsets differ in what they leave out.

#include <algorithm>
#include <numeric>
#include <utility>

#include "lowbit/core/ops_common/axis.h"
#include "lowbit/core/ops_common/integers.h"
#include "lowbit/core/ops_common/slice_range.h"
#include "lowbit/format/onnx/low_bit.h"
#include "lowbit/format/onnx/rules.h"

namespace lowbit::onnx {
namespace {

Value Number(ElementType type, double value) { return Builder::Known(Narrow(type, DoubleTensor({}, {value}))); }

// A tensor without elements is an input left out.
void DropEmpty(Call* call, size_t i) {
  if (call->Input(i).known() && Elements(call->Input(i).shape()) == 0) call->inputs[i] = Value();
}

Outputs AxesFromAttribute(Call call, Builder* builder) {
  call.MoveToInput("axes", 1);
  if (call.op != "Unsqueeze") DropEmpty(&call, 1);
  return ApplyAsIs(call, builder);
}

Outputs Split(Call call, Builder* builder) {
  call.MoveToInput("split", 1);
  return ApplyAsIs(call, builder);
}

// Of a list that is known, such as the extents behind the last. (Operators of core never make anything empty.)
bool TakesNothing(const Call& call) {
  if (!call.Input(0).known() || call.Input(0).rank() != 1 || !call.Input(1).present || !call.Input(2).present) {
    return false;
  }
  for (size_t i = 1; i < call.inputs.size(); ++i) {
    const Value& bounds = call.inputs[i];
    if (!bounds.present) continue;
    const Result<std::vector<int64_t>> numbers = KnownIntegers(call, i);
    if (!numbers.ok() || numbers.value().size() != 1) return false;
  }
  const auto number = [&](size_t i) {
    return std::clamp(KnownIntegers(call, i).value()[0], -ops::kIntegerLimit, ops::kIntegerLimit);
  };
  const int64_t step = call.Input(4).present ? number(4) : 1;
  if (step == 0) return false;
  return ops::RangeOfSlice(number(1), number(2), step, call.Input(0).shape()[0]).count == 0;
}

Outputs Slice(Call call, Builder* builder) {
  call.MoveToInput("starts", 1);
  call.MoveToInput("ends", 2);
  call.MoveToInput("axes", 3);
  if (TakesNothing(call)) {
    return std::vector<Value>{Builder::Known(Narrow(call.Input(0).type, DoubleTensor({0}, {})))};
  }
  return ApplyAsIs(call, builder);
}

Outputs TopK(Call call, Builder* builder) {
  call.MoveToInput("k", 1);
  return ApplyAsIs(call, builder);
}

// Opset 18 may name the axes; the others get pads of 0.
Result<Value> PadsOfAllAxes(const Call& call) {
  LOWBIT_TRY(const std::vector<int64_t> pads, KnownIntegers(call, 1));
  LOWBIT_TRY(const std::vector<int64_t> axes, KnownIntegers(call, 3));
  const int64_t rank = static_cast<int64_t>(call.Input(0).rank());
  if (pads.size() != 2 * axes.size()) return Invalid("has not two pads for each of its axes");
  std::vector<int64_t> all(static_cast<size_t>(2 * rank), 0);
  for (size_t i = 0; i < axes.size(); ++i) {
    const int64_t axis = axes[i] < 0 ? axes[i] + rank : axes[i];
    if (axis < 0 || axis >= rank) return Invalid("axis " + std::to_string(axes[i]) + " is outside of its input");
    all[static_cast<size_t>(axis)] = pads[i];
    all[static_cast<size_t>(axis + rank)] = pads[axes.size() + i];
  }
  return Integers(std::move(all));
}

Outputs Pad(Call call, Builder* builder) {
  call.MoveToInput("paddings", 1);
  call.MoveToInput("pads", 1);
  call.MoveToInput("value", 2);
  if (call.Input(3).present) {
    LOWBIT_TRY(call.inputs[1], PadsOfAllAxes(call));
    call.inputs[3] = Value();
  }
  return ApplyAsIs(call, builder);
}

Outputs Identity(Call call, Builder*) {
  if (!call.Input(0).present) return Invalid("has no input");
  return std::vector<Value>{call.Input(0)};
}

// At inference it does nothing, and its mask is all true.
Outputs Dropout(Call call, Builder* builder) {
  if (!call.Input(0).present) return Invalid("has no input");
  const Value &ratio = call.Input(1), &training = call.Input(2);
  const auto is_zero = [](const Value& value) {
    return value.known() && Widen(*value.constants[0]).data == std::vector<double>{0};
  };
  if (training.present && !is_zero(training) && !is_zero(ratio)) {
    return Invalid("its training mode is random, and must be off");
  }
  std::vector<Value> outputs = {call.Input(0)};
  if (call.outputs > 1) {
    LOWBIT_TRY(const Value truth,
               builder->Apply1("Equal", {Number(ElementType::kFloat32, 0), Number(ElementType::kFloat32, 0)}));
    std::array<ConstantPtr, kSizes> shapes = {MakeIntegers(call.Input(0).shapes[0]),
                                              MakeIntegers(call.Input(0).shapes[1])};
    if (call.Input(0).shapes[0] == call.Input(0).shapes[1]) shapes[1] = shapes[0];
    LOWBIT_TRY(Value mask, builder->Apply1("Expand", {truth, Builder::KnownForEach(shapes)}));
    outputs.push_back(std::move(mask));
  }
  return outputs;
}

// Upsample, and Resize before opset 11: nearest means the element at or before.
Outputs ResizeFromTheCorner(Call call, Builder* builder) {
  const Value scales = call.Input(1);  // The inputs move below.
  call.op = "Resize";
  call.inputs.resize(1);
  call.inputs.resize(2);
  call.inputs.push_back(scales);
  if (const auto attribute = call.attributes.find("scales"); attribute != call.attributes.end()) {
    const auto* list = std::get_if<std::vector<double>>(&attribute->second);
    if (list == nullptr) return Invalid("attribute 'scales' must be a list of floats");
    call.inputs[2] =
        Builder::Known(Narrow(ElementType::kFloat32, DoubleTensor({static_cast<int64_t>(list->size())}, *list)));
    call.attributes.erase(attribute);
  }
  if (call.Text("mode", "nearest") == "bilinear") call.attributes["mode"] = std::string("linear");
  call.attributes["coordinate_transformation_mode"] = std::string("asymmetric");
  call.attributes["nearest_mode"] = std::string("floor");
  return ApplyAsIs(call, builder);
}

// Sizes that follow the batch do so in dimensions that stay as they are: those need no resizing.
Status DropUnchangedAxes(Call* call) {
  const Value sizes = call->Input(3), x = call->Input(0);
  if (!sizes.depends_on_batch() || call->attributes.count("axes") != 0) return Ok();
  const auto* first = std::get_if<Int64Tensor>(&sizes.constants[0]->value);
  const auto* second = std::get_if<Int64Tensor>(&sizes.constants[1]->value);
  if (first == nullptr || second == nullptr || first->data.size() != x.rank() || second->data.size() != x.rank()) {
    return Ok();
  }
  std::vector<int64_t> axes, kept;
  for (size_t i = 0; i < x.rank(); ++i) {
    if (first->data[i] == x.shapes[0][i] && second->data[i] == x.shapes[1][i]) continue;
    if (first->data[i] != second->data[i]) return Invalid("its sizes depend on the size of the batch");
    axes.push_back(static_cast<int64_t>(i));
    kept.push_back(first->data[i]);
  }
  call->attributes["axes"] = axes;
  call->inputs[3] = Integers(std::move(kept));
  return Ok();
}

Outputs Resize(Call call, Builder* builder) {
  if (call.opset < 11) return ResizeFromTheCorner(std::move(call), builder);
  if (call.Text("coordinate_transformation_mode", "half_pixel") == "tf_half_pixel_for_nn") {
    return Invalid("coordinate_transformation_mode tf_half_pixel_for_nn is not supported");
  }
  for (const size_t i : {1, 2, 3}) DropEmpty(&call, i);
  if (call.Text("coordinate_transformation_mode", "") != "tf_crop_and_resize" && call.inputs.size() > 1) {
    call.inputs[1] = Value();
  }
  LOWBIT_RETURN_IF_ERROR(DropUnchangedAxes(&call));
  return ApplyAsIs(call, builder);
}

// on_value where the class is the index, off_value elsewhere; classes along a new axis.
Outputs OneHot(Call call, Builder* builder) {
  const Value &indices = call.Input(0), &depth = call.Input(1), &values = call.Input(2);
  if (!depth.known() || depth.depends_on_batch() || Elements(depth.shape()) != 1) {
    return Invalid("depth must be one number that is known when the file is read");
  }
  const double classes = Widen(*depth.constants[0]).data[0];
  const int64_t rank = static_cast<int64_t>(indices.rank()), given = call.Int("axis", -1);
  const int64_t axis = given < 0 ? given + rank + 1 : given;
  if (!(classes >= 1 && classes <= 1 << 24) || axis < 0 || axis > rank) return Invalid("depth or axis is out of range");
  DoubleTensor counting({static_cast<int64_t>(classes)});
  std::iota(counting.data.begin(), counting.data.end(), 0.0);
  counting.shape.insert(counting.shape.end(), static_cast<size_t>(rank - axis), 1);
  LOWBIT_TRY(const Value below, builder->Apply1("Less", {indices, Number(indices.type, 0)}));
  LOWBIT_TRY(const Value shifted, builder->Apply1("Add", {indices, Number(indices.type, classes)}));
  LOWBIT_TRY(const Value from_start, builder->Apply1("Where", {below, shifted, indices}));
  LOWBIT_TRY(const Value raised, builder->Apply1("Unsqueeze", {from_start, Integers({axis})}));
  LOWBIT_TRY(const Value hit, builder->Apply1("Equal", {raised, Builder::Known(Narrow(indices.type, counting))}));
  LOWBIT_TRY(const std::vector<Value> both, builder->Apply("Split", {values}, {}, 2));
  return builder->Apply("Where", {hit, both[1], both[0]});
}

// Each sequence of the batch backwards up to its length: elements at positions that are known.
Outputs ReverseSequence(Call call, Builder* builder) {
  LOWBIT_TRY(const std::vector<int64_t> lengths, KnownIntegers(call, 1));
  const Value& x = call.Input(0);
  const int64_t batch = call.Int("batch_axis", 1), time = call.Int("time_axis", 0);
  const bool two_axes = (batch == 0 && time == 1) || (batch == 1 && time == 0);
  if (!two_axes || x.rank() < 2 || x.shapes[0] != x.shapes[1] ||
      static_cast<int64_t>(lengths.size()) != x.shape()[static_cast<size_t>(batch)]) {
    return Invalid("needs a batch of fixed size with one length for each sequence");
  }
  const int64_t rows = x.shape()[0], columns = x.shape()[1];
  DoubleTensor from({rows, columns});
  for (int64_t i = 0; i < rows * columns; ++i) {
    const int64_t t = time == 0 ? i / columns : i % columns;
    const int64_t length = lengths[static_cast<size_t>(time == 0 ? i % columns : i / columns)];
    from.data[static_cast<size_t>(i)] = static_cast<double>(t < length ? length - 1 - t : t);
  }
  from.shape.insert(from.shape.end(), x.rank() - 2, 1);
  LOWBIT_TRY(const Value indices,
             builder->Apply1("Expand", {Builder::Known(Narrow(ElementType::kInt64, from)), Integers(x.shape())}));
  return builder->Apply("GatherElements", {x, indices}, {{"axis", time}});
}

// Low-bit weights stay such when their matrix is turned.
Outputs Transpose(Call call, Builder* builder) {
  const Value& x = call.Input(0);
  const std::vector<int64_t> turned = {1, 0};
  const auto given = call.attributes.find("perm");
  const bool turns = given == call.attributes.end() || given->second == Attribute(turned);
  const bool low_bit = x.known() && !x.depends_on_batch() && x.constants[0]->low_bit != nullptr && x.rank() == 2;
  if (!low_bit || !turns) return ApplyAsIs(call, builder);
  return std::vector<Value>{Builder::Known(TransposeLowBit(*x.constants[0]))};
}

// Pieces that are the same for each image of the batch (a class token) before or behind those that the network
// computes: zeros take their place, and they are added, once for all images.
Outputs Concat(Call call, Builder* builder) {
  const auto repeated = [](const Value& v) { return v.depends_on_batch(); };
  const auto computed = [](const Value& v) { return v.present && !v.known(); };
  const auto first = std::find_if(call.inputs.begin(), call.inputs.end(), computed);
  const auto end = std::find_if(call.inputs.rbegin(), call.inputs.rend(), computed).base();
  const bool complete = std::all_of(call.inputs.begin(), call.inputs.end(), [](const Value& v) { return v.present; });
  if (!complete || std::none_of(call.inputs.begin(), call.inputs.end(), repeated) || first == call.inputs.end() ||
      std::any_of(first, end, repeated)) {
    return ApplyAsIs(call, builder);
  }
  Value middle = *first;
  if (end - first > 1) {
    LOWBIT_TRY(middle, builder->Apply1("Concat", {first, end}, call.attributes));
  }
  const Value shape = Builder::KnownForEach({MakeIntegers(middle.shapes[0]), MakeIntegers(middle.shapes[1])});
  LOWBIT_TRY(const Value zeros, builder->Apply1("Expand", {Number(middle.type, 0), shape}));
  std::vector<Value> pieces(call.inputs.begin(), first);
  pieces.push_back(zeros);
  pieces.insert(pieces.end(), end, call.inputs.end());
  LOWBIT_TRY(const Value around, builder->Apply1("Concat", pieces, call.attributes));
  LOWBIT_TRY(const size_t axis, ops::ResolveAxis(call.Int("axis", 0), middle.rank()));
  std::vector<int64_t> pads(2 * middle.rank(), 0);
  for (auto piece = call.inputs.begin(); piece != first; ++piece) pads[axis] += piece->shape()[axis];
  for (auto piece = end; piece != call.inputs.end(); ++piece) pads[axis + middle.rank()] += piece->shape()[axis];
  LOWBIT_TRY(const Value padded, builder->Apply1("Pad", {middle, Integers(std::move(pads))}));
  return builder->Apply("Add", {padded, around});
}

Outputs Scatter(Call call, Builder* builder) {
  call.op = "ScatterElements";
  return ApplyAsIs(call, builder);
}

}  // namespace

void AddShapeRules(RuleTable* table) {
  for (const char* op : {"ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean",
                         "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare", "Squeeze", "Unsqueeze"}) {
    (*table)[op] = AxesFromAttribute;
  }
  (*table)["Concat"] = Concat;
  (*table)["Dropout"] = Dropout;
  (*table)["Identity"] = Identity;
  (*table)["OneHot"] = OneHot;
  (*table)["Pad"] = Pad;
  (*table)["Resize"] = Resize;
  (*table)["ReverseSequence"] = ReverseSequence;
  (*table)["Scatter"] = Scatter;
  (*table)["Slice"] = Slice;
  (*table)["Split"] = Split;
  (*table)["TopK"] = TopK;
  (*table)["Transpose"] = Transpose;
  (*table)["Upsample"] = ResizeFromTheCorner;
}

}  // namespace lowbit::onnx
