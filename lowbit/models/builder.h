#ifndef LOWBIT_MODELS_BUILDER_H_
#define LOWBIT_MODELS_BUILDER_H_

// What every network is written with: layers as function calls that append nodes and parameters to a Graph.
//
//   GraphBuilder b("tiny");
//   Value x = b.Image(input);
//   x = b.Relu("relu1", b.BatchNorm("bn1", b.Conv("conv1", x, {.channels = 16})));
//   return b.Finish(b.Linear("fc", b.Flatten("flatten", x), {.features = input.classes}));
//
// A layer that does not fit its input (an image shrunk to nothing, more than 2^30 parameters) is remembered, the first
// one, and Finish returns it, so that a network reads as a plain list of layers.

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/base/config.h"
#include "lowbit/models/model.h"

namespace lowbit::models {

// A tensor in the making: what defines it and its shape without the batch extent.
struct Value {
  std::string name;
  Shape shape;  // [channels, height, width], [features], or of sequences [steps, features].
};

// How a parameter starts and how training treats it.
struct ParameterOptions {
  ParameterTraits::Init init = ParameterTraits::Init::kHeNormal;
  double init_value = 0;
  double learning_rate_multiplier = 1;
  double decay_multiplier = 1;
};

inline constexpr ParameterOptions kZeroStart = {ParameterTraits::Init::kConstant, 0, 1, 1};

struct ConvOptions {
  int64_t channels = 0;  // Of the output.
  int64_t kernel = 3;    // Height and width.
  int64_t stride = 1;
  int64_t padding = 1;  // Zeros on each of the four sides.
  int64_t groups = 1;
  bool bias = false;
  ParameterOptions weight_options = {};
  ParameterOptions bias_options = kZeroStart;
};

// Of an odd kernel, padded so that it keeps the extents, but for its stride; without bias.
inline ConvOptions PaddedConv(int64_t channels, int64_t kernel, int64_t stride) {
  ConvOptions conv;
  conv.channels = channels;
  conv.kernel = kernel;
  conv.stride = stride;
  conv.padding = kernel / 2;
  return conv;
}

struct LinearOptions {
  int64_t features = 0;  // Of the output.
  bool bias = true;
  ParameterOptions weight_options = {};
  ParameterOptions bias_options = kZeroStart;
};

struct RecurrentOptions {
  bool gru = false;  // Else LSTM.
  int64_t hidden = 0;
  bool reverse = false;  // From the last step to the first.
};

struct PoolOptions {
  int64_t kernel = 2;
  int64_t stride = 2;
  int64_t padding = 0;
  // Round the output extents up, as Caffe does. The node's attribute is set only where this changes a shape.
  bool ceil_mode = false;
};

// ONNX's convention: running = momentum * running + (1 - momentum) * batch.
struct BatchNormOptions {
  double epsilon = 1e-5;
  double momentum = 0.9;
};

class GraphBuilder {
 public:
  // `network` becomes the graph's name.
  explicit GraphBuilder(std::string network);

  // The input "image" [kDynamic, channels, height, width], followed by the nodes of NormalizePixels. Errors: extents or
  // classes below 1; as NormalizePixels.
  Value Image(const ModelInput& input);

  // Node NAME, parameters NAME.weight [channels, channels_in / groups, kernel, kernel] and, if asked for, NAME.bias.
  Value Conv(const std::string& name, const Value& input, const ConvOptions& options);
  // Gemm with transB = 1: NAME.weight [features, features_in], NAME.bias [features]. The input has one dimension.
  Value Linear(const std::string& name, const Value& input, const LinearOptions& options);
  // NAME.scale, NAME.bias, NAME.mean, NAME.var, each [channels], starting at 1, 0, 0, 1.
  Value BatchNorm(const std::string& name, const Value& input, const BatchNormOptions& options = {});
  Value Relu(const std::string& name, const Value& input);
  // x for x >= 0, else slope * x
  Value LeakyRelu(const std::string& name, const Value& input, double slope);
  // x for x >= 0, else x times the channel's trained slope, NAME.slope [channels, 1, 1], which starts at 0.25.
  Value PRelu(const std::string& name, const Value& input);
  // min(max(x, low), high)
  Value Clip(const std::string& name, const Value& input, float low, float high);
  // factor * x. Factor 1 adds no node.
  Value Scale(const std::string& name, const Value& input, float factor);
  Value MaxPool(const std::string& name, const Value& input, const PoolOptions& options = {});
  // Padding does not count in the average.
  Value AveragePool(const std::string& name, const Value& input, const PoolOptions& options = {});
  // [channels, height, width] -> [channels, 1, 1]
  Value GlobalAveragePool(const std::string& name, const Value& input);
  Value Flatten(const std::string& name, const Value& input);
  // Drops a fraction `ratio` of the values in training. Ratio 0 adds no node.
  Value Dropout(const std::string& name, const Value& input, double ratio);
  // Error: unequal shapes.
  Value Add(const std::string& name, const Value& a, const Value& b);
  // The channels of `a`, then those of `b`. Error: unequal heights or widths.
  Value Concat(const std::string& name, const Value& a, const Value& b);
  // Blocks of block x block pixels out of channels: [block * block * channels, height, width] -> [channels, height * block, ...],
  // where channel (i * block + j) * channels + c holds pixel (i, j) of each block of channel c.
  Value DepthToSpace(const std::string& name, const Value& input, int64_t block);
  // The last channel first: pixels RGB as BGR.
  Value ReverseChannels(const std::string& name, const Value& input);
  // Adds zero channels: `before` in front of the others, `after` behind them.
  Value PadChannels(const std::string& name, const Value& input, int64_t before, int64_t after);
  // Every `step`-th row and column, from the first.
  Value Subsample(const std::string& name, const Value& input, int64_t step);

  // Of sequences [steps, features] (builder_sequences.cc).

  // An image's rows as steps, `stack` of them for each: [channels, height, width] -> [height / stack, stack * channels * width], row
  // by row and in a row channel by channel. Error: `stack` does not divide the height.
  Value RowsAsSteps(const std::string& name, const Value& image, int64_t stack);
  // Node NAME, with layout 1: [steps, features] -> [steps, hidden]. Parameters NAME.W [1, gates * hidden, features], NAME.R [1, gates *
  // hidden, hidden], both normal with deviation 1 / sqrt(3 hidden), that of the uniform numbers in +-1 / sqrt(hidden) which are usual,
  // and NAME.B [1, 2 gates * hidden], 0 but for W's half of an LSTM's forget gates, 1 (Jozefowicz et al. 2015).
  Value Recurrent(const std::string& name, const Value& input, const RecurrentOptions& options);
  // The features of `a`, then those of `b`, at each step. REQUIRES: equal numbers of steps
  Value JoinFeatures(const std::string& name, const Value& a, const Value& b);
  // [steps, features] -> [features]
  Value MeanOverSteps(const std::string& name, const Value& input);
  // Linear at each step: [steps, features] -> [steps, options.features].
  Value LinearOfSteps(const std::string& name, const Value& input, const LinearOptions& options);

  // The graph with its one output, renamed "logits". Error: the first that a layer met. Call it once.
  Result<Graph> Finish(const Value& output);

 private:
  Value Append(const std::string& name, const std::string& op, std::vector<std::string> inputs, Shape shape,
               Attributes attributes = {});
  Value Pool(const std::string& name, const std::string& op, const Value& input, const PoolOptions& options);
  Value Reshape(const std::string& name, const Value& input, Shape shape);
  std::string AddTrained(const std::string& name, ParameterTraits::Role role, Shape shape,
                         const ParameterOptions& options);
  template <typename T>
  std::string AddConstant(const std::string& name, Tensor<T> value);
  void Fail(const std::string& message);

  Graph graph_;
  int64_t trained_ = 0;  // Elements of all trained parameters.
  Status status_;
};

// The channels (or features) of a network that is `width` times as wide: rounded, at least 1.
int64_t Widen(int64_t channels, double width);

// The keys `bn_momentum` and `bn_epsilon` that every network with batch normalization takes.
BatchNormOptions ReadBatchNorm(ConfigReader* reader, const BatchNormOptions& otherwise = {});

}  // namespace lowbit::models

#endif  // LOWBIT_MODELS_BUILDER_H_
