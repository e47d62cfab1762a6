// Bi-Real ResNet-18 (Liu et al. 2018) with PReLU blocks, as searched low-bit weights use it: ResNet-18's 7x7 stem and
// pool, then four groups of four blocks of one 3x3 convolution each, with a shortcut around every one. A block is
// convolution, PReLU, batch normalization, sum; where the shape changes, the shortcut is a 2x2 average pool, a 1x1
// convolution and batch normalization. 11,678,912 weights at 1000 classes, as many as ResNet-18.
//
// Nothing follows the sum, so that the shortcut carries more than a low-bit activation could.

#include <algorithm>

#include "lowbit/models/builder.h"

namespace lowbit::models::networks::bireal_resnet {
namespace {

constexpr int64_t kBlocks = 4;  // In each group.

struct Options {
  double width = 1;
  BatchNormOptions batch_norm;
};

Result<Options> ReadOptions(const Config& config) {
  ConfigReader reader(config, "model");
  Options options;
  options.width = reader.Float("width", 1, 0.01, 64);
  options.batch_norm = ReadBatchNorm(&reader);
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  return options;
}

Value Shortcut(GraphBuilder* b, const std::string& prefix, const Value& input, int64_t channels,
               const Options& options) {
  // Rounded up, as the convolution beside it does with its padding.
  Value x = b->AveragePool(prefix + "downsample.0", input, {2, 2, 0, true});
  x = b->Conv(prefix + "downsample.1", x, PaddedConv(channels, 1, 1));
  return b->BatchNorm(prefix + "downsample.2", x, options.batch_norm);
}

Value Block(GraphBuilder* b, const std::string& prefix, const Value& input, int64_t channels, int64_t stride,
            const Options& options) {
  Value x = b->PRelu(prefix + "prelu", b->Conv(prefix + "conv", input, PaddedConv(channels, 3, stride)));
  x = b->BatchNorm(prefix + "bn", x, options.batch_norm);
  return b->Add(prefix + "add", x, stride == 1 ? input : Shortcut(b, prefix, input, channels, options));
}

}  // namespace

// Options: `width` (multiplier of the channels), `bn_momentum`, `bn_epsilon`.
Result<Graph> Build(const ModelInput& input, const Config& config) {
  LOWBIT_TRY(const Options options, ReadOptions(config));
  GraphBuilder b("bireal_resnet");
  Value x = b.Conv("conv1", b.Image(input), PaddedConv(Widen(64, options.width), 7, 2));
  x = b.MaxPool("maxpool", b.BatchNorm("bn1", x, options.batch_norm), {3, 2, 1, false});
  for (int64_t group = 0; group < 4; ++group) {
    for (int64_t block = 0; block < kBlocks; ++block) {
      const std::string prefix = "layer" + std::to_string(group + 1) + "." + std::to_string(block) + ".";
      x = Block(&b, prefix, x, Widen(64 << group, options.width), group > 0 && block == 0 ? 2 : 1, options);
    }
  }
  LinearOptions last;
  last.features = std::max<int64_t>(1, input.classes);
  return b.Finish(b.Linear("fc", b.Flatten("flatten", b.GlobalAveragePool("avgpool", x)), last));
}

}  // namespace lowbit::models::networks::bireal_resnet
