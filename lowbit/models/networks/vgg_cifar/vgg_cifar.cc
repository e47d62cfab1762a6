// The networks without shortcuts that low-bit methods are compared on, for CIFAR: (2x128C3)-MP2-(2x256C3)-MP2-
// (2x512C3)-MP2 with batch normalization and ReLU, and fully connected layers. Two variants:
//
//   small  VGG-Small (Zhang et al., LQ-Nets, 2018): one fully connected layer. Batch normalization and ReLU of every
//          second convolution come after the pool. 4,656,512 weights at 3x32x32 and 10 classes.
//   vgg7   VGG-7 (Li et al., TWN, 2016): 1024FC, ReLU and the last layer; normalization before the pool. 12,973,440 weights.

#include <algorithm>

#include "lowbit/models/builder.h"

namespace lowbit::models::networks::vgg_cifar {
namespace {

struct Options {
  bool seven = false;
  double width = 1;
  BatchNormOptions batch_norm;
};

Result<Options> ReadOptions(const Config& config) {
  ConfigReader reader(config, "model");
  Options options;
  options.seven = reader.String("variant", "small", {"small", "vgg7"}) == "vgg7";
  options.width = reader.Float("width", 1, 0.01, 16);
  options.batch_norm = ReadBatchNorm(&reader);
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  return options;
}

// Two convolutions and the pool.
Value Stage(GraphBuilder* b, int stage, Value x, int64_t channels, const Options& options) {
  ConvOptions conv;
  conv.channels = Widen(channels, options.width);
  for (int i = 1; i <= 2; ++i) {
    const std::string number = std::to_string(2 * (stage - 1) + i), pool = "pool" + std::to_string(stage);
    x = b->Conv("conv" + number, x, conv);
    if (i == 2 && !options.seven) x = b->MaxPool(pool, x);
    x = b->Relu("relu" + number, b->BatchNorm("bn" + number, x, options.batch_norm));
    if (i == 2 && options.seven) x = b->MaxPool(pool, x);
  }
  return x;
}

}  // namespace

// Options: `variant` = small | vgg7, `width` (multiplier of all channels and hidden features), `bn_momentum`, `bn_epsilon`.
Result<Graph> Build(const ModelInput& input, const Config& config) {
  LOWBIT_TRY(const Options options, ReadOptions(config));
  GraphBuilder b("vgg_cifar");
  Value x = b.Image(input);
  for (int stage = 1; stage <= 3; ++stage) x = Stage(&b, stage, x, 64 << stage, options);
  x = b.Flatten("flatten", x);
  LinearOptions linear;
  if (options.seven) {
    linear.features = Widen(1024, options.width);
    x = b.Relu("relu_fc1", b.Linear("fc1", x, linear));
  }
  linear.features = std::max<int64_t>(1, input.classes);
  return b.Finish(b.Linear("fc", x, linear));
}

}  // namespace lowbit::models::networks::vgg_cifar
