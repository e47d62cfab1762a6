#include "lowbit/models/builder.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "lowbit/core/image_input.h"

namespace lowbit::models {
namespace {

using Role = ParameterTraits::Role;
using Init = ParameterTraits::Init;

// 4 GiB of floats: more than this is a slip in a recipe, and the answer to it should not be an allocation that fails.
constexpr int64_t kMaxTrained = int64_t{1} << 30;

int64_t WindowCount(int64_t extent, int64_t kernel, int64_t stride, int64_t padding, bool ceil_mode) {
  const int64_t room = extent + 2 * padding - kernel;
  if (room < 0) return 0;
  const int64_t count = (room + (ceil_mode ? stride - 1 : 0)) / stride + 1;
  // ONNX and Caffe alike: a window must start inside the image or its left padding.
  const bool starts_outside = ceil_mode && (count - 1) * stride >= extent + padding;
  return starts_outside ? count - 1 : count;
}

Shape SlideWindow(const Shape& input, int64_t channels, int64_t kernel, int64_t stride, int64_t padding,
                  bool ceil_mode = false) {
  return {channels, WindowCount(input[1], kernel, stride, padding, ceil_mode),
          WindowCount(input[2], kernel, stride, padding, ceil_mode)};
}

Attributes WindowAttributes(int64_t kernel, int64_t stride, int64_t padding) {
  return {{"kernel_shape", std::vector<int64_t>{kernel, kernel}},
          {"strides", std::vector<int64_t>{stride, stride}},
          {"pads", std::vector<int64_t>{padding, padding, padding, padding}}};
}

}  // namespace

GraphBuilder::GraphBuilder(std::string network) { graph_.name = std::move(network); }

void GraphBuilder::Fail(const std::string& message) {
  if (status_.ok()) status_ = Invalid("network '" + graph_.name + "': " + message);
}

Value GraphBuilder::Append(const std::string& name, const std::string& op, std::vector<std::string> inputs, Shape shape,
                           Attributes attributes) {
  if (std::any_of(shape.begin(), shape.end(), [](int64_t extent) { return extent < 1; })) {
    const Shape& image = graph_.inputs[0].shape;
    Fail("an image of " + std::to_string(image[2]) + "x" + std::to_string(image[3]) + " is too small: layer '" + name +
         "' has no pixel left");
    shape.assign(shape.size(), 1);
  }
  graph_.nodes.push_back({name, op, std::move(inputs), {name}, std::move(attributes)});
  return {name, std::move(shape)};
}

template <typename T>
std::string GraphBuilder::AddConstant(const std::string& name, Tensor<T> value) {
  graph_.parameters[name].value = std::move(value);
  return name;
}

std::string GraphBuilder::AddTrained(const std::string& name, Role role, Shape shape, const ParameterOptions& options) {
  const Result<int64_t> elements = CheckedElements(shape);
  if (!elements.ok() || elements.value() > kMaxTrained - trained_) {
    Fail("has more than " + std::to_string(kMaxTrained) + " parameters");
    shape.assign(shape.size(), 1);
  } else {
    trained_ += elements.value();
  }
  Parameter& parameter = graph_.parameters[name];
  parameter.value = FloatTensor(std::move(shape));
  parameter.traits = {role, options.init, options.init_value, options.learning_rate_multiplier,
                      options.decay_multiplier};
  return name;
}

Value GraphBuilder::Image(const ModelInput& input) {
  Shape image = input.image;
  if (image.size() != 3 || !CheckedElements(image).ok() || *std::min_element(image.begin(), image.end()) < 1) {
    Fail("image shape " + ToString(image) + " must be [channels, height, width], each at least 1");
    image = {1, 1, 1};
  }
  if (input.classes < 1) Fail("the number of classes must be at least 1");
  graph_.inputs.push_back({"image", {kDynamic, image[0], image[1], image[2]}});
  Value value = {"image", image};
  if (!status_.ok()) return value;

  const Result<std::string> normalized = NormalizePixels({false, input.mean, input.scale}, &graph_);
  if (!normalized.ok()) Fail(normalized.error().message);
  return {normalized.ok() ? normalized.value() : value.name, image};
}

Value GraphBuilder::Conv(const std::string& name, const Value& input, const ConvOptions& options) {
  const int64_t channels_in = input.shape[0] / options.groups;
  std::vector<std::string> inputs = {
      input.name, AddTrained(name + ".weight", Role::kWeight,
                             {options.channels, channels_in, options.kernel, options.kernel}, options.weight_options)};
  if (options.bias) {
    inputs.push_back(AddTrained(name + ".bias", Role::kBias, {options.channels}, options.bias_options));
  }
  Attributes attributes = WindowAttributes(options.kernel, options.stride, options.padding);
  attributes["group"] = options.groups;
  return Append(name, "Conv", std::move(inputs),
                SlideWindow(input.shape, options.channels, options.kernel, options.stride, options.padding),
                std::move(attributes));
}

Value GraphBuilder::Linear(const std::string& name, const Value& input, const LinearOptions& options) {
  std::vector<std::string> inputs = {
      input.name,
      AddTrained(name + ".weight", Role::kWeight, {options.features, input.shape[0]}, options.weight_options)};
  if (options.bias) {
    inputs.push_back(AddTrained(name + ".bias", Role::kBias, {options.features}, options.bias_options));
  }
  return Append(name, "Gemm", std::move(inputs), {options.features}, {{"transB", int64_t{1}}});
}

Value GraphBuilder::BatchNorm(const std::string& name, const Value& input, const BatchNormOptions& options) {
  const Shape channels = {input.shape[0]};
  const ParameterOptions zero = kZeroStart, one = {Init::kConstant, 1, 1, 1};
  return Append(name, "BatchNormalization",
                {input.name, AddTrained(name + ".scale", Role::kBias, channels, one),
                 AddTrained(name + ".bias", Role::kBias, channels, zero),
                 AddTrained(name + ".mean", Role::kStatistic, channels, zero),
                 AddTrained(name + ".var", Role::kStatistic, channels, one)},
                input.shape, {{"epsilon", options.epsilon}, {"momentum", options.momentum}});
}

Value GraphBuilder::Relu(const std::string& name, const Value& input) {
  return Append(name, "Relu", {input.name}, input.shape);
}

Value GraphBuilder::LeakyRelu(const std::string& name, const Value& input, double slope) {
  // A float, as ONNX has them: in networks of integers the kernel of the layer before computes it then.
  const double alpha = static_cast<double>(static_cast<float>(slope));
  return Append(name, "LeakyRelu", {input.name}, input.shape, {{"alpha", alpha}});
}

Value GraphBuilder::PRelu(const std::string& name, const Value& input) {
  const ParameterOptions start = {Init::kConstant, 0.25, 1, 1};
  const std::string slope = AddTrained(name + ".slope", Role::kBias, {input.shape[0], 1, 1}, start);
  return Append(name, "PRelu", {input.name, slope}, input.shape);
}

Value GraphBuilder::Clip(const std::string& name, const Value& input, float low, float high) {
  const std::string min = AddConstant(name + ".min", FloatTensor(Shape{}, {low}));
  const std::string max = AddConstant(name + ".max", FloatTensor(Shape{}, {high}));
  return Append(name, "Clip", {input.name, min, max}, input.shape);
}

Value GraphBuilder::Scale(const std::string& name, const Value& input, float factor) {
  if (factor == 1) return input;
  const std::string value = AddConstant(name + ".value", FloatTensor(Shape{}, {factor}));
  return Append(name, "Mul", {input.name, value}, input.shape);
}

Value GraphBuilder::Pool(const std::string& name, const std::string& op, const Value& input,
                         const PoolOptions& options) {
  const auto slide = [&](bool ceil_mode) {
    return SlideWindow(input.shape, input.shape[0], options.kernel, options.stride, options.padding, ceil_mode);
  };
  const Shape shape = slide(options.ceil_mode);
  Attributes attributes = WindowAttributes(options.kernel, options.stride, options.padding);
  if (shape != slide(false)) attributes["ceil_mode"] = int64_t{1};
  return Append(name, op, {input.name}, shape, std::move(attributes));
}

Value GraphBuilder::MaxPool(const std::string& name, const Value& input, const PoolOptions& options) {
  return Pool(name, "MaxPool", input, options);
}

Value GraphBuilder::AveragePool(const std::string& name, const Value& input, const PoolOptions& options) {
  return Pool(name, "AveragePool", input, options);
}

Value GraphBuilder::GlobalAveragePool(const std::string& name, const Value& input) {
  return Append(name, "GlobalAveragePool", {input.name}, {input.shape[0], 1, 1});
}

Value GraphBuilder::Flatten(const std::string& name, const Value& input) {
  return Append(name, "Flatten", {input.name}, {Elements(input.shape)}, {{"axis", int64_t{1}}});
}

Value GraphBuilder::Dropout(const std::string& name, const Value& input, double ratio) {
  if (ratio == 0) return input;
  const std::string parameter = AddConstant(name + ".ratio", FloatTensor(Shape{}, {static_cast<float>(ratio)}));
  return Append(name, "Dropout", {input.name, parameter}, input.shape);
}

Value GraphBuilder::Add(const std::string& name, const Value& a, const Value& b) {
  if (a.shape != b.shape) {
    Fail("cannot add '" + a.name + "' " + ToString(a.shape) + " and '" + b.name + "' " + ToString(b.shape) +
         "; the image's height and width do not suit this network");
  }
  return Append(name, "Add", {a.name, b.name}, a.shape);
}

Value GraphBuilder::Concat(const std::string& name, const Value& a, const Value& b) {
  if (a.shape[1] != b.shape[1] || a.shape[2] != b.shape[2]) {
    Fail("cannot put '" + a.name + "' " + ToString(a.shape) + " and '" + b.name + "' " + ToString(b.shape) +
         " behind each other");
  }
  return Append(name, "Concat", {a.name, b.name}, {a.shape[0] + b.shape[0], a.shape[1], a.shape[2]},
                {{"axis", int64_t{1}}});
}

Value GraphBuilder::DepthToSpace(const std::string& name, const Value& input, int64_t block) {
  return Append(name, "DepthToSpace", {input.name},
                {input.shape[0] / (block * block), input.shape[1] * block, input.shape[2] * block},
                {{"blocksize", block}});
}

Value GraphBuilder::ReverseChannels(const std::string& name, const Value& input) {
  std::vector<float> order(static_cast<size_t>(input.shape[0]));  // Gather takes its indices as floats.
  std::iota(order.rbegin(), order.rend(), 0.0f);
  const std::string indices = AddConstant(name + ".indices", FloatTensor({input.shape[0]}, std::move(order)));
  return Append(name, "Gather", {input.name, indices}, input.shape, {{"axis", int64_t{1}}});
}

Value GraphBuilder::PadChannels(const std::string& name, const Value& input, int64_t before, int64_t after) {
  const std::string pads = AddConstant(name + ".pads", Int64Tensor({8}, {0, before, 0, 0, 0, after, 0, 0}));
  Shape shape = input.shape;
  shape[0] += before + after;
  return Append(name, "Pad", {input.name, pads}, shape);
}

Value GraphBuilder::Subsample(const std::string& name, const Value& input, int64_t step) {
  // A slice is a pool whose window is one pixel; it needs no operator of its own in any executor.
  return MaxPool(name, input, {1, step, 0, false});
}

Result<Graph> GraphBuilder::Finish(const Value& output) {
  if (!status_.ok()) return status_.error();
  LOWBIT_CHECK(!graph_.nodes.empty() && graph_.nodes.back().outputs[0] == output.name);
  graph_.nodes.back().outputs[0] = "logits";
  graph_.outputs = {"logits"};
  return std::move(graph_);
}

int64_t Widen(int64_t channels, double width) {
  return std::max<int64_t>(1, std::llround(static_cast<double>(channels) * width));
}

BatchNormOptions ReadBatchNorm(ConfigReader* reader, const BatchNormOptions& otherwise) {
  BatchNormOptions options;
  options.momentum = reader->Float("bn_momentum", otherwise.momentum, 0, 1);
  options.epsilon = reader->Float("bn_epsilon", otherwise.epsilon, 1e-12, 1);
  return options;
}

}  // namespace lowbit::models
