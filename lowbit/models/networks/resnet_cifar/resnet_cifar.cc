// Residual networks for CIFAR (He et al. 2016, section 4.2): a 3x3 convolution, three groups of n blocks with 16, 32
// and 64 channels, global average pooling, one fully connected layer; 6n + 2 layers. Two variants:
//
//   sq        what Dong et al. (BMVC 2017) trained: groups 2 and 3 begin with a 2x2 convolution of stride 2 as shortcut
//             (with batch normalization), no ReLU after the sum, a bias in each convolution, lr x 2 and no decay for the
//             last bias. Depth 56: 859,184 weights, 126.5 million multiply-accumulates at 3x32x32 and 10 classes.
//   standard  ReLU after the sum, no convolution bias; the shortcut keeps every second pixel and adds zero channels on
//             both sides (A), or is a 1x1 convolution with batch normalization (B).
//             With `block` = prelu its blocks are convolution, PReLU, batch normalization, twice, then the sum and
//             nothing after it, as searched low-bit weights use them.
//
// Layers are named as in the usual published checkpoints: conv1, bn1, layer1.0.conv1, layer1.0.bn1, ...,
// layer2.0.shortcut.0 (convolution), layer2.0.shortcut.1 (batch normalization), ..., linear.

#include <algorithm>

#include "lowbit/models/builder.h"

namespace lowbit::models::networks::resnet_cifar {
namespace {

struct Options {
  int64_t blocks = 3;  // In each group.
  bool sq = false;
  bool project = false;
  bool prelu = false;
  double width = 1;
  BatchNormOptions batch_norm;
};

Result<Options> ReadOptions(const Config& config) {
  ConfigReader reader(config, "model");
  Options options;
  const int64_t depth = reader.Int("depth", 20, 8, 1202);
  if ((depth - 2) % 6 != 0) reader.Reject("depth", "6n + 2: 20, 32, 44, 56, 110, ...");
  options.blocks = (depth - 2) / 6;
  options.sq = reader.String("variant", "standard", {"standard", "sq"}) == "sq";
  options.project = reader.String("shortcut", options.sq ? "B" : "A", {"A", "B"}) == "B";
  if (options.sq && !options.project) reader.Reject("shortcut", "B, or left out, for the variant sq");
  options.prelu = reader.String("block", "relu", {"relu", "prelu"}) == "prelu";
  if (options.sq && options.prelu) reader.Reject("block", "relu, or left out, for the variant sq");
  options.width = reader.Float("width", 1, 0.01, 64);
  options.batch_norm = ReadBatchNorm(&reader, {1e-5, options.sq ? 0.999 : 0.9});
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  return options;
}

Value ConvAndNormalize(GraphBuilder* b, const std::string& conv_name, const std::string& norm_name, const Value& input,
                       ConvOptions conv, const Options& options) {
  conv.bias = options.sq;
  return b->BatchNorm(norm_name, b->Conv(conv_name, input, conv), options.batch_norm);
}

ConvOptions Conv3x3(int64_t channels, int64_t stride) {
  ConvOptions conv;
  conv.channels = channels;
  conv.stride = stride;
  return conv;
}

// The 2x2 windows of the sq variant tile an even extent; an odd one needs the border to give as many outputs as the
// 3x3 convolution that it is added to.
ConvOptions Projection(const Value& input, int64_t channels, int64_t stride, const Options& options) {
  ConvOptions conv = Conv3x3(channels, stride);
  conv.kernel = options.sq ? 2 : 1;
  conv.padding = options.sq ? input.shape[1] % 2 : 0;
  return conv;
}

Value Shortcut(GraphBuilder* b, const std::string& prefix, const Value& input, int64_t channels, int64_t stride,
               const Options& options) {
  if (options.project) {
    return ConvAndNormalize(b, prefix + "shortcut.0", prefix + "shortcut.1", input,
                            Projection(input, channels, stride, options), options);
  }
  const int64_t missing = channels - input.shape[0];
  const Value kept = b->Subsample(prefix + "shortcut.subsample", input, stride);
  return b->PadChannels(prefix + "shortcut.pad", kept, missing / 2, missing - missing / 2);
}

Value PReluBlock(GraphBuilder* b, const std::string& prefix, Value x, int64_t channels, int64_t stride,
                 const Options& options) {
  const Value shortcut = stride == 1 ? x : Shortcut(b, prefix, x, channels, stride, options);
  for (const std::string number : {"1", "2"}) {
    x = b->Conv(prefix + "conv" + number, x, Conv3x3(channels, number == "1" ? stride : 1));
    x = b->BatchNorm(prefix + "bn" + number, b->PRelu(prefix + "prelu" + number, x), options.batch_norm);
  }
  return b->Add(prefix + "add", x, shortcut);
}

Value Block(GraphBuilder* b, const std::string& prefix, const Value& input, int64_t channels, int64_t stride,
            const Options& options) {
  if (options.prelu) return PReluBlock(b, prefix, input, channels, stride, options);
  Value x = ConvAndNormalize(b, prefix + "conv1", prefix + "bn1", input, Conv3x3(channels, stride), options);
  x = b->Relu(prefix + "relu1", x);
  x = ConvAndNormalize(b, prefix + "conv2", prefix + "bn2", x, Conv3x3(channels, 1), options);
  const Value shortcut = stride == 1 ? input : Shortcut(b, prefix, input, channels, stride, options);
  const Value sum = b->Add(prefix + "add", x, shortcut);
  return options.sq ? sum : b->Relu(prefix + "relu2", sum);
}

}  // namespace

// Options: `depth` (20), `variant` = standard | sq, `shortcut` = A | B (standard only), `block` = relu | prelu (standard
// only), `width` (multiplier of the channels), `bn_momentum` (sq: 0.999, as Caffe's, which belongs to the trainer's
// bias-corrected averages), `bn_epsilon`.
Result<Graph> Build(const ModelInput& input, const Config& config) {
  LOWBIT_TRY(const Options options, ReadOptions(config));
  GraphBuilder b("resnet_cifar");
  Value x = ConvAndNormalize(&b, "conv1", "bn1", b.Image(input), Conv3x3(Widen(16, options.width), 1), options);
  x = b.Relu("relu1", x);
  for (int64_t group = 0; group < 3; ++group) {
    for (int64_t block = 0; block < options.blocks; ++block) {
      const std::string prefix = "layer" + std::to_string(group + 1) + "." + std::to_string(block) + ".";
      x = Block(&b, prefix, x, Widen(16 << group, options.width), group > 0 && block == 0 ? 2 : 1, options);
    }
  }
  LinearOptions last;
  last.features = std::max<int64_t>(1, input.classes);
  if (options.sq) last.bias_options = {ParameterTraits::Init::kConstant, 0, 2, 0};
  return b.Finish(b.Linear("linear", b.Flatten("flatten", b.GlobalAveragePool("average", x)), last));
}

}  // namespace lowbit::models::networks::resnet_cifar
