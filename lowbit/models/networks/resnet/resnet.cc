// Residual networks for images of ImageNet's size (He et al. 2016, table 1): a 7x7 convolution and a 3x3 pool, both of
// stride 2, four groups of blocks with 64, 128, 256 and 512 channels, global average pooling, one fully connected
// layer. Blocks are two 3x3 convolutions (depth 18, 34) or 1x1, 3x3 (with the stride) and 1x1 with four times the
// channels (depth 50, 101, 152). Two variants:
//
//   torchvision  its layout: a padded pool; a 1x1 convolution with batch normalization as shortcut where the shape
//                changes. 11,689,512, 21,797,672 and 25,557,032 parameters for depth 18, 34 and 50 at 1000 classes.
//   sq           what Dong et al. (BMVC 2017) trained: an unpadded pool that rounds up, a 1x1 convolution as shortcut of
//                the first block of every group, lr x 2 for the last bias. Depth 18: 11,683,008 weights.
//
// Layers are named as in torchvision: conv1, bn1, layer1.0.conv1, layer1.0.bn1, ..., layer2.0.downsample.0
// (convolution), layer2.0.downsample.1 (batch normalization), ..., fc.

#include <algorithm>
#include <array>

#include "lowbit/models/builder.h"

namespace lowbit::models::networks::resnet {
namespace {

struct Layout {
  int64_t depth;
  std::array<int64_t, 4> blocks;  // In each group.
  bool bottleneck;
};
constexpr Layout kLayouts[] = {{18, {2, 2, 2, 2}, false},
                               {34, {3, 4, 6, 3}, false},
                               {50, {3, 4, 6, 3}, true},
                               {101, {3, 4, 23, 3}, true},
                               {152, {3, 8, 36, 3}, true}};

struct Options {
  Layout layout = kLayouts[0];
  bool sq = false;
  double width = 1;
  BatchNormOptions batch_norm;
};

Layout FindLayout(ConfigReader* reader) {
  const int64_t depth = reader->Int("depth", 18);
  std::string known;
  for (const Layout& layout : kLayouts) {
    if (layout.depth == depth) return layout;
    known += (known.empty() ? "" : ", ") + std::to_string(layout.depth);
  }
  reader->Reject("depth", "one of " + known);
  return kLayouts[0];
}

Result<Options> ReadOptions(const Config& config) {
  ConfigReader reader(config, "model");
  Options options;
  options.layout = FindLayout(&reader);
  options.sq = reader.String("variant", "torchvision", {"torchvision", "sq"}) == "sq";
  options.width = reader.Float("width", 1, 0.01, 64);
  options.batch_norm = ReadBatchNorm(&reader, {1e-5, options.sq ? 0.999 : 0.9});
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  return options;
}

Value ConvAndNormalize(GraphBuilder* b, const std::string& prefix, const std::string& number, const Value& input,
                       const ConvOptions& conv, const Options& options) {
  return b->BatchNorm(prefix + "bn" + number, b->Conv(prefix + "conv" + number, input, conv), options.batch_norm);
}

// The convolutions of a block, ReLU between them.
std::vector<ConvOptions> Branch(int64_t channels, int64_t stride, const Options& options) {
  if (!options.layout.bottleneck) return {PaddedConv(channels, 3, stride), PaddedConv(channels, 3, 1)};
  return {PaddedConv(channels, 1, 1), PaddedConv(channels, 3, stride), PaddedConv(4 * channels, 1, 1)};
}

Value Block(GraphBuilder* b, const std::string& prefix, const Value& input, int64_t channels, int64_t stride,
            bool project, const Options& options) {
  Value x = input;
  int64_t number = 0;
  for (const ConvOptions& conv : Branch(channels, stride, options)) {
    if (number > 0) x = b->Relu(prefix + "relu" + std::to_string(number), x);
    x = ConvAndNormalize(b, prefix, std::to_string(++number), x, conv, options);
  }
  Value shortcut = input;
  if (project) {
    shortcut = b->Conv(prefix + "downsample.0", input, PaddedConv(x.shape[0], 1, stride));
    shortcut = b->BatchNorm(prefix + "downsample.1", shortcut, options.batch_norm);
  }
  return b->Relu(prefix + "relu", b->Add(prefix + "add", x, shortcut));
}

Value Group(GraphBuilder* b, size_t group, Value x, int64_t channels, const Options& options) {
  const int64_t stride = group == 0 ? 1 : 2;
  for (int64_t block = 0; block < options.layout.blocks[group]; ++block) {
    const std::string prefix = "layer" + std::to_string(group + 1) + "." + std::to_string(block) + ".";
    const bool changes = stride != 1 || options.layout.bottleneck;
    x = Block(b, prefix, x, channels, block == 0 ? stride : 1, block == 0 && (changes || options.sq), options);
  }
  return x;
}

}  // namespace

// Options: `depth` (18, 34, 50, 101, 152), `variant` = torchvision | sq, `width` (multiplier of the channels),
// `bn_momentum` (sq: 0.999, as Caffe's, which belongs to the trainer's bias-corrected averages), `bn_epsilon`.
Result<Graph> Build(const ModelInput& input, const Config& config) {
  LOWBIT_TRY(const Options options, ReadOptions(config));
  GraphBuilder b("resnet");
  Value x = b.Relu("relu",
                   ConvAndNormalize(&b, "", "1", b.Image(input), PaddedConv(Widen(64, options.width), 7, 2), options));
  x = b.MaxPool("maxpool", x, {3, 2, options.sq ? 0 : 1, options.sq});
  for (size_t group = 0; group < options.layout.blocks.size(); ++group) {
    x = Group(&b, group, x, Widen(64 << group, options.width), options);
  }
  LinearOptions last;
  last.features = std::max<int64_t>(1, input.classes);
  if (options.sq) last.bias_options = {ParameterTraits::Init::kConstant, 0, 2, 1};
  return b.Finish(b.Linear("fc", b.Flatten("flatten", b.GlobalAveragePool("avgpool", x)), last));
}

}  // namespace lowbit::models::networks::resnet
