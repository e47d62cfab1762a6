// AlexNet with batch normalization in the place of local response normalization, as in the experiments of Dong et al.
// (BMVC 2017): five convolutions without groups, three fully connected layers. 62,367,776 weights at 3x224x224 and 1000
// classes. He's start; no bias where batch normalization follows.

#include <algorithm>

#include "lowbit/models/builder.h"

namespace lowbit::models::networks::alexnet_bn {
namespace {

struct Options {
  double width = 1;
  double dropout = 0.5;
  BatchNormOptions batch_norm;
};

Result<Options> ReadOptions(const Config& config) {
  ConfigReader reader(config, "model");
  Options options;
  options.width = reader.Float("width", 1, 0.01, 16);
  options.dropout = reader.Float("dropout", 0.5, 0, 0.99);
  options.batch_norm = ReadBatchNorm(&reader, {1e-5, 0.999});
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  return options;
}

Value NormalizeAndActivate(GraphBuilder* b, const std::string& number, const Value& input, const Options& options) {
  return b->Relu("relu" + number, b->BatchNorm("bn" + number, input, options.batch_norm));
}

// Pools overlap, and round their extents up.
Value Pool(GraphBuilder* b, const std::string& number, const Value& input) {
  return b->MaxPool("pool" + number, input, {3, 2, 0, true});
}

Value HiddenLayer(GraphBuilder* b, const std::string& number, const Value& input, const Options& options) {
  LinearOptions linear;
  linear.features = Widen(4096, options.width);
  linear.bias = false;
  const Value x = NormalizeAndActivate(b, number, b->Linear("fc" + number, input, linear), options);
  return b->Dropout("drop" + number, x, options.dropout);
}

struct ConvLayer {
  int64_t channels, kernel, stride, padding;
  bool pool;
};
constexpr ConvLayer kConvLayers[] = {
    {96, 11, 4, 2, true}, {256, 5, 1, 2, true}, {384, 3, 1, 1, false}, {384, 3, 1, 1, false}, {256, 3, 1, 1, true},
};

Value Features(GraphBuilder* b, Value x, const Options& options) {
  int layer = 0;
  for (const ConvLayer& shape : kConvLayers) {
    const std::string number = std::to_string(++layer);
    ConvOptions conv;
    conv.channels = Widen(shape.channels, options.width);
    conv.kernel = shape.kernel;
    conv.stride = shape.stride;
    conv.padding = shape.padding;
    x = NormalizeAndActivate(b, number, b->Conv("conv" + number, x, conv), options);
    if (shape.pool) x = Pool(b, number, x);
  }
  return x;
}

}  // namespace

// Options: `width` (multiplier of all channels and hidden features), `dropout` (after the hidden layers), `bn_momentum`
// (0.999, as Caffe's, which belongs to the trainer's bias-corrected averages), `bn_epsilon`.
Result<Graph> Build(const ModelInput& input, const Config& config) {
  LOWBIT_TRY(const Options options, ReadOptions(config));
  GraphBuilder b("alexnet_bn");
  Value x = b.Flatten("flatten", Features(&b, b.Image(input), options));
  x = HiddenLayer(&b, "6", x, options);
  x = HiddenLayer(&b, "7", x, options);
  LinearOptions last;
  last.features = std::max<int64_t>(1, input.classes);
  last.bias_options = {ParameterTraits::Init::kConstant, 0, 2, 0};
  return b.Finish(b.Linear("fc8", x, last));
}

}  // namespace lowbit::models::networks::alexnet_bn
