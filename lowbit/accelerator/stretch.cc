#include "lowbit/accelerator/stretch.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "lowbit/core/integer_form.h"
#include "lowbit/core/level_grid.h"
#include "lowbit/core/structure.h"
#include "lowbit/core/uniform_grid.h"
#include "lowbit/core/validate.h"

namespace lowbit::accelerator {
namespace {

bool MovesNothing(const std::string& op) {
  static const std::set<std::string> names = {"Identity", "Dropout", "Flatten", "Reshape"};
  return names.count(op) != 0;
}

bool IsElementwise(const std::string& op) {
  static const std::set<std::string> names = {"Mul", "Add", "Sub", "Relu", "LeakyRelu", "PRelu", "Clip", "Min", "Max"};
  return names.count(op) != 0;
}

class Finder {
 public:
  Finder(const Graph& form, std::map<std::string, Shape> shapes, std::string from)
      : form_(form), shapes_(std::move(shapes)), from_(std::move(from)) {
    for (const Node& node : form.nodes) {
      for (const std::string& output : node.outputs) makers_[output] = &node;
    }
  }

  Result<Stretch> Find(const std::string& to) {
    const Node* first = Maker(from_);
    if (first == nullptr || !IsQuantizer(*first)) return Invalid("'" + from_ + "' is no quantizer's value");
    LOWBIT_TRY(const size_t input, AddTensor(*first));
    static_cast<void>(input);
    const Node* last = Maker(to);
    if (last == nullptr) return Invalid("'" + to + "' is no node and no value of the network");
    if (IsQuantizer(*last)) {
      LOWBIT_TRY(const size_t tensor, TensorOf(to));
      static_cast<void>(tensor);
    } else if (last->op == "Conv" || last->op == "Gemm") {
      LOWBIT_TRY(Stage stage, Product(*last));
      found_.stages.push_back(std::move(stage));
    } else {
      return Invalid(NodePrefix(*last) + "the last value must be a quantizer's, a Conv's or a Gemm's");
    }
    if (found_.stages.empty()) return Invalid("there is nothing between '" + from_ + "' and '" + to + "'");
    return std::move(found_);
  }

 private:
  // What leads from a product to a quantizer, found from its end to its beginning.
  struct Path {
    const Node* product = nullptr;
    std::vector<const Node*> pools;  // The last one first.
    std::vector<Node> codes;
    std::optional<Stage::Skip> skip;
    bool summed = false;  // Two values have been added.
    bool padded = false;  // Below a Pad.
  };

  const Node* Maker(const std::string& value) const {
    const auto found = makers_.find(value);
    return found == makers_.end() ? nullptr : found->second;
  }

  bool IsParameter(const std::string& value) const { return value.empty() || form_.parameters.count(value) != 0; }

  Result<std::vector<float>> Floats(const Node& node, size_t input) const {
    const auto found = form_.parameters.find(node.inputs.at(input));
    const auto* tensor = found == form_.parameters.end() ? nullptr : std::get_if<FloatTensor>(&found->second.value);
    if (tensor == nullptr)
      return Invalid(NodePrefix(node) + "input " + std::to_string(input) + " is no float parameter");
    return tensor->data;
  }

  // The integers that a quantizer of the integer form gives.
  Result<std::vector<int64_t>> LevelsOf(const Node& node) const {
    if (node.op == "BipolarQuant") return std::vector<int64_t>{-1, 1};
    LOWBIT_TRY(const std::vector<float> scale, Floats(node, 1));
    if (scale.at(0) != 1) return Invalid(NodePrefix(node) + "gives no integers");
    std::vector<int64_t> levels;
    if (node.op == "LevelQuant") {
      LOWBIT_TRY(const std::vector<float> values, Floats(node, 3));
      for (const float value : values) levels.push_back(static_cast<int64_t>(value));
      return levels;
    }
    LOWBIT_TRY(const std::vector<float> zero, Floats(node, 2));
    LOWBIT_TRY(const std::vector<float> bits, Floats(node, 3));
    LOWBIT_TRY(const UniformGrid grid, MakeUniformGrid(node, 1, zero.at(0), bits.at(0)));
    if (bits.at(0) > 8) return Invalid(NodePrefix(node) + "has more than 8 bits");
    for (double q = grid.low; q <= grid.high; ++q) levels.push_back(static_cast<int64_t>(q - grid.zero_point));
    return levels;
  }

  Result<size_t> AddTensor(const Node& quantizer) {
    CodedTensor tensor;
    tensor.value = quantizer.outputs[0];
    LOWBIT_TRY(tensor.levels, LevelsOf(quantizer));
    return AddTensor(std::move(tensor), shapes_.at(quantizer.outputs[0]), NodePrefix(quantizer));
  }

  Result<size_t> AddTensor(CodedTensor tensor, const Shape& shape, const std::string& where) {
    if (shape.size() != 2 && shape.size() != 4) {
      return Invalid(where + "has a value of shape " + ToString(shape) +
                     "; [batch, channels, height, width] was expected");
    }
    tensor.channels = shape[1];
    if (shape.size() == 4) tensor.height = shape[2], tensor.width = shape[3];
    tensors_[tensor.value] = found_.tensors.size();
    found_.tensors.push_back(std::move(tensor));
    return found_.tensors.size() - 1;
  }

  // The tensor that a value is, whose stages are added before.
  Result<size_t> TensorOf(const std::string& value) {
    const auto known = tensors_.find(value);
    if (known != tensors_.end()) return known->second;
    const Node* node = Maker(value);
    if (node == nullptr) return Invalid("it needs '" + value + "', which does not come from '" + from_ + "'");
    if (IsQuantizer(*node)) return Quantized(*node);
    if (node->op == "MaxPool") {
      LOWBIT_TRY(const size_t input, TensorOf(node->inputs[0]));
      return Pool(*node, input, value);
    }
    if (MovesNothing(node->op)) {
      LOWBIT_TRY(const size_t same, TensorOf(node->inputs[0]));
      tensors_[value] = same;
      found_.passed.push_back(node->name);
      return same;
    }
    return Invalid(NodePrefix(*node) + "the accelerator has no such layer for integers");
  }

  Result<size_t> Pool(const Node& node, size_t input, const std::string& value) {
    Stage stage;
    stage.node = node;
    stage.input = input;
    CodedTensor tensor;
    tensor.value = value;
    tensor.levels = found_.tensors[input].levels;
    LOWBIT_TRY(stage.output, AddTensor(std::move(tensor), shapes_.at(node.outputs[0]), NodePrefix(node)));
    found_.stages.push_back(std::move(stage));
    return *found_.stages.back().output;
  }

  Result<Stage> Product(const Node& node) {
    Stage stage;
    stage.node = node;
    stage.sum = node.outputs[0];
    if (node.inputs.size() > 2 && !node.inputs[2].empty()) return Invalid(NodePrefix(node) + "is not one of integers");
    LOWBIT_TRY(stage.input, TensorOf(node.inputs[0]));
    return stage;
  }

  Result<size_t> Quantized(const Node& quantizer) {
    Path path;
    LOWBIT_RETURN_IF_ERROR(Trace(quantizer.inputs[0], &path));
    if (path.product == nullptr) return Invalid(NodePrefix(quantizer) + "reads no Conv's or Gemm's sums");
    LOWBIT_TRY(Stage stage, Product(*path.product));
    stage.codes = std::move(path.codes);
    stage.codes.push_back(quantizer);
    if (path.skip.has_value()) {
      LOWBIT_TRY(path.skip->tensor, TensorOf(path.skip->value));
      stage.skip = path.skip;
    }
    CodedTensor tensor;
    tensor.value =
        path.pools.empty() ? quantizer.outputs[0] : quantizer.outputs[0] + "/before " + path.pools.back()->name;
    LOWBIT_TRY(tensor.levels, LevelsOf(quantizer));
    LOWBIT_TRY(size_t result, AddTensor(std::move(tensor), shapes_.at(stage.sum), NodePrefix(quantizer)));
    stage.output = result;
    found_.stages.push_back(std::move(stage));
    for (auto pool = path.pools.rbegin(); pool != path.pools.rend(); ++pool) {
      const bool last = pool + 1 == path.pools.rend();
      LOWBIT_TRY(result, Pool(**pool, result, last ? quantizer.outputs[0] : (*pool)->outputs[0] + "/codes"));
    }
    return result;
  }

  Status Trace(const std::string& value, Path* path) {
    const Node* node = Maker(value);
    if (node == nullptr) return Invalid("it needs '" + value + "', which does not come from '" + from_ + "'");
    if (value == from_ || IsQuantizer(*node)) return TakeSkip(value, path);
    if (node->op == "Conv" || node->op == "Gemm") return TakeProduct(*node, path);
    if (node->op == "Slice") return TakeSlice(*node, path);
    if (node->op == "Pad") return TakePad(*node, path);
    if (node->op == "MaxPool") return TakePool(*node, path);
    if (MovesNothing(node->op)) {
      LOWBIT_RETURN_IF_ERROR(Trace(node->inputs[0], path));
      // The nodes behind read what this one reads.
      Node same = {node->name, "Identity", {node->inputs[0]}, node->outputs, {}};
      path->codes.push_back(std::move(same));
      return Ok();
    }
    if (!IsElementwise(node->op)) return Invalid(NodePrefix(*node) + "the accelerator has no such layer");
    return TakeElementwise(*node, path);
  }

  Status TakeProduct(const Node& node, Path* path) {
    if (path->product != nullptr) return Invalid(NodePrefix(node) + "a second product flows into one sum");
    if (path->padded) return Invalid(NodePrefix(node) + "its channels are padded");
    path->product = &node;
    return Ok();
  }

  Status TakeSkip(const std::string& tensor, Path* path) {
    if (path->skip.has_value()) return Invalid("a second tensor, '" + tensor + "', flows into one sum");
    path->skip.emplace();
    path->skip->value = tensor;
    return Ok();
  }

  bool IsCoded(const std::string& value) const {
    const Node* maker = Maker(value);
    return value == from_ || (maker != nullptr && IsQuantizer(*maker));
  }

  // The node reads the skip tensor and gives every n-th pixel of it.
  void TakeStrides(const Node& node, Path* path) {
    const Shape& in = shapes_.at(node.inputs[0]);
    const Shape& out = shapes_.at(node.outputs[0]);
    path->skip->stride_y = (in[2] + out[2] - 1) / out[2];
    path->skip->stride_x = (in[3] + out[3] - 1) / out[3];
    path->codes.push_back({node.name, "Identity", {node.inputs[0]}, node.outputs, {}});
  }

  Status TakeSlice(const Node& node, Path* path) {
    if (!IsCoded(node.inputs[0])) return Invalid(NodePrefix(node) + "slices something else than integers");
    const Shape& in = shapes_.at(node.inputs[0]);
    const Shape& out = shapes_.at(node.outputs[0]);
    LOWBIT_RETURN_IF_ERROR(CheckSlice(node, in, out));
    LOWBIT_RETURN_IF_ERROR(TakeSkip(node.inputs[0], path));
    TakeStrides(node, path);
    return Ok();
  }

  // That it starts at 0 and takes every pixel or every n-th one of both dimensions.
  Status CheckSlice(const Node& node, const Shape& in, const Shape& out) const {
    std::vector<std::vector<int64_t>> lists;
    for (size_t i = 1; i < node.inputs.size(); ++i) {
      const auto found = form_.parameters.find(node.inputs[i]);
      const auto* integers = found == form_.parameters.end() ? nullptr : std::get_if<Int64Tensor>(&found->second.value);
      if (integers != nullptr) lists.push_back(integers->data);
    }
    const bool spatial = in.size() == 4 && out.size() == 4 && in[1] == out[1] && lists.size() == 4;
    const auto all = [&](size_t list, auto rule) { return std::all_of(lists[list].begin(), lists[list].end(), rule); };
    if (spatial && all(0, [](int64_t start) { return start == 0; }) && all(3, [](int64_t step) { return step > 0; })) {
      const std::vector<int64_t>&axes = lists[2], &steps = lists[3];
      bool fits = axes.size() == steps.size();
      for (size_t i = 0; fits && i < axes.size(); ++i) {
        const auto axis = static_cast<size_t>(axes[i] < 0 ? axes[i] + 4 : axes[i]);
        fits = axis < 4 && out[axis] == (in[axis] + steps[i] - 1) / steps[i] &&
               steps[i] == (in[axis] + out[axis] - 1) / out[axis];
      }
      if (fits) return Ok();
    }
    return Invalid(NodePrefix(node) + "takes something else than every n-th pixel");
  }

  // Channels of zeros around a tensor of integers, before or behind its scale.
  Status TakePad(const Node& node, Path* path) {
    const Shape& in = shapes_.at(node.inputs[0]);
    const Shape& out = shapes_.at(node.outputs[0]);
    const auto found = form_.parameters.find(node.inputs.at(1));
    const auto* pads = found == form_.parameters.end() ? nullptr : std::get_if<Int64Tensor>(&found->second.value);
    const bool channels = pads != nullptr && in.size() == 4 && pads->data.size() == 8 &&
                          out[1] == in[1] + pads->data[1] + pads->data[5] && in[0] == out[0] && in[2] == out[2] &&
                          in[3] == out[3] && pads->data[1] >= 0 && pads->data[5] >= 0;
    bool zeros = StringAttribute(node, "mode", "constant") == "constant";
    if (HasInput(node, 2)) {
      const Result<std::vector<float>> value = Floats(node, 2);
      zeros = zeros && value.ok() && value.value().size() == 1 && value.value()[0] == 0;
    }
    if (!channels || !zeros) return Invalid(NodePrefix(node) + "pads something else than channels of zeros");
    const bool outer = path->padded;
    path->padded = true;
    LOWBIT_RETURN_IF_ERROR(Trace(node.inputs[0], path));
    path->padded = outer;
    path->skip->first_channel += pads->data[1];
    path->codes.push_back({node.name, "Identity", {node.inputs[0]}, node.outputs, {}});
    return Ok();
  }

  Status TakePool(const Node& node, Path* path) {
    if (IsCoded(node.inputs[0])) return TakePooledSkip(node, path);
    if (path->summed || path->padded) return Invalid(NodePrefix(node) + "a pool before a sum is not one of integers");
    path->pools.push_back(&node);
    LOWBIT_RETURN_IF_ERROR(Trace(node.inputs[0], path));
    path->codes.push_back({node.name, "Identity", {node.inputs[0]}, node.outputs, {}});
    return Ok();
  }

  // A window of one pixel only skips pixels; others are a layer of their own.
  Status TakePooledSkip(const Node& node, Path* path) {
    const auto all = [&](const char* attribute, int64_t value) {
      const std::vector<int64_t> list = IntsAttribute(node, attribute, {});
      return std::all_of(list.begin(), list.end(), [value](int64_t one) { return one == value; });
    };
    if (!all("kernel_shape", 1) || !all("pads", 0)) return TakeSkip(node.outputs[0], path);
    LOWBIT_RETURN_IF_ERROR(TakeSkip(node.inputs[0], path));
    TakeStrides(node, path);
    return Ok();
  }

  Status TakeElementwise(const Node& node, Path* path) {
    std::vector<std::string> values;
    for (const std::string& input : node.inputs) {
      if (!IsParameter(input)) values.push_back(input);
    }
    const bool sum = node.op == "Add" && values.size() == 2 && values[0] != values[1];
    if (values.size() != 1 && !sum)
      return Invalid(NodePrefix(node) + "is no function of one sum, nor a sum with one tensor");
    if (sum && path->padded) return Invalid(NodePrefix(node) + "its channels are padded");
    if (path->padded && node.op != "Mul")
      return Invalid(NodePrefix(node) + "may not keep zeros, and its channels are padded");
    LOWBIT_RETURN_IF_ERROR(CheckMonotonous(node));
    if (sum) path->summed = true;
    for (const std::string& value : values) LOWBIT_RETURN_IF_ERROR(Trace(value, path));
    path->codes.push_back(node);
    return Ok();
  }

  Status CheckMonotonous(const Node& node) const {
    bool monotonous = true;
    if (node.op == "LeakyRelu") monotonous = FloatAttribute(node, "alpha", 0.01) >= 0;
    if (node.op == "PRelu") {
      LOWBIT_TRY(const std::vector<float> slopes, Floats(node, 1));
      monotonous = std::all_of(slopes.begin(), slopes.end(), [](float slope) { return slope >= 0; });
    }
    return monotonous ? Ok()
                      : Status(Invalid(NodePrefix(node) + "falls below zero: codes are searched where all rises"));
  }

  const Graph& form_;
  const std::map<std::string, Shape> shapes_;
  const std::string from_;
  std::map<std::string, const Node*> makers_;
  std::map<std::string, size_t> tensors_;
  Stretch found_;
};

}  // namespace

Result<Stretch> FindStretch(const Graph& form, const std::string& from, const std::string& to) {
  LOWBIT_TRY(auto shapes, InferShapes(form, 1));
  return Finder(form, std::move(shapes), from).Find(to);
}

}  // namespace lowbit::accelerator
