// VGG-9 for CIFAR as in the experiments of Dong et al. (BMVC 2017):
// (2x64C3)-MP2-(2x128C3)-MP2-(2x256C3)-MP2-(2x512FC)-FC. 3,508,928 weights and 155.1 million multiply-accumulates at
// 3x32x32 and 10 classes. Gaussian start, deviation 0.01; no bias where batch normalization follows.

#include <algorithm>

#include "lowbit/models/builder.h"

namespace lowbit::models::networks::vgg9 {
namespace {

using Init = ParameterTraits::Init;

struct Options {
  double width = 1;
  double dropout_conv = 0.25;
  double dropout_fc = 0.5;
  BatchNormOptions batch_norm;
};

constexpr ParameterOptions kGaussian = {Init::kNormal, 0.01, 1, 1};

Result<Options> ReadOptions(const Config& config) {
  ConfigReader reader(config, "model");
  Options options;
  options.width = reader.Float("width", 1, 0.01, 16);
  options.dropout_conv = reader.Float("dropout_conv", 0.25, 0, 0.99);
  options.dropout_fc = reader.Float("dropout_fc", 0.5, 0, 0.99);
  options.batch_norm = ReadBatchNorm(&reader, {1e-5, 0.999});
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  return options;
}

Value NormalizeAndActivate(GraphBuilder* b, const std::string& number, const Value& input, const Options& options) {
  return b->Relu("relu" + number, b->BatchNorm("bn" + number, input, options.batch_norm));
}

Value ConvStage(GraphBuilder* b, int stage, Value x, int64_t channels, const Options& options) {
  ConvOptions conv;
  conv.channels = Widen(channels, options.width);
  conv.weight_options = kGaussian;
  for (int i = 1; i <= 2; ++i) {
    const std::string number = std::to_string(2 * (stage - 1) + i);
    x = NormalizeAndActivate(b, number, b->Conv("conv" + number, x, conv), options);
  }
  const std::string number = std::to_string(stage);
  return b->Dropout("drop" + number, b->MaxPool("pool" + number, x, {2, 2, 0, true}), options.dropout_conv);
}

Value HiddenLayer(GraphBuilder* b, const std::string& number, const Value& input, const Options& options) {
  LinearOptions linear;
  linear.features = Widen(512, options.width);
  linear.bias = false;
  linear.weight_options = kGaussian;
  const Value x = NormalizeAndActivate(b, number, b->Linear("fc" + number, input, linear), options);
  return b->Dropout("drop" + number, x, options.dropout_fc);
}

}  // namespace

// Options: `width` (multiplier of all channels and hidden features), `dropout_conv`, `dropout_fc`, `bn_momentum` (0.999,
// as Caffe's, which belongs to the trainer's bias-corrected averages), `bn_epsilon`.
Result<Graph> Build(const ModelInput& input, const Config& config) {
  LOWBIT_TRY(const Options options, ReadOptions(config));
  GraphBuilder b("vgg9");
  Value x = b.Image(input);
  x = ConvStage(&b, 1, x, 64, options);
  x = ConvStage(&b, 2, x, 128, options);
  x = ConvStage(&b, 3, x, 256, options);
  x = HiddenLayer(&b, "7", b.Flatten("flatten", x), options);
  x = HiddenLayer(&b, "8", x, options);
  LinearOptions last;
  last.features = std::max<int64_t>(1, input.classes);
  last.weight_options = kGaussian;
  last.bias_options = {Init::kConstant, 0.01, 2, 0};
  return b.Finish(b.Linear("fc9", x, last));
}

}  // namespace lowbit::models::networks::vgg9
