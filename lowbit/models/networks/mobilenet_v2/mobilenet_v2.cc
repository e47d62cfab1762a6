// MobileNetV2 (Sandler et al. 2018, table 2) in torchvision's layout: blocks that widen by a 1x1 convolution, filter each
// channel by a 3x3 one, and narrow by a 1x1 one without activation; the input is added where the shape allows it. ReLU6
// everywhere else. 3,504,872 parameters at 1000 classes.
//
// Layers are named as in torchvision: features.0.0 (convolution), features.0.1 (batch normalization),
// features.2.conv.0.0, ..., classifier.1.

#include <algorithm>
#include <cmath>

#include "lowbit/models/builder.h"

namespace lowbit::models::networks::mobilenet_v2 {
namespace {

struct Options {
  double width = 1;
  double dropout = 0.2;
  BatchNormOptions batch_norm;
};

Result<Options> ReadOptions(const Config& config) {
  ConfigReader reader(config, "model");
  Options options;
  options.width = reader.Float("width", 1, 0.01, 16);
  options.dropout = reader.Float("dropout", 0.2, 0, 0.99);
  options.batch_norm = ReadBatchNorm(&reader);
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  return options;
}

// `repeats` blocks; the first has the stride.
struct Stage {
  int64_t expansion, channels, repeats, stride;
};
constexpr Stage kStages[] = {{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                             {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};

// The nearest multiple of 8, at least 8, that is not more than a tenth too small.
int64_t WidenToEights(double channels, double width) {
  const double exact = channels * width;
  const int64_t rounded = std::max<int64_t>(8, static_cast<int64_t>(exact + 4) / 8 * 8);
  return static_cast<double>(rounded) < 0.9 * exact ? rounded + 8 : rounded;
}

ConvOptions Pointwise(int64_t channels) {
  ConvOptions conv;
  conv.channels = channels;
  conv.kernel = 1;
  conv.padding = 0;
  return conv;
}

ConvOptions Spatial(int64_t channels, int64_t stride, int64_t groups) {
  ConvOptions conv;
  conv.channels = channels;
  conv.stride = stride;
  conv.groups = groups;
  return conv;
}

// Nodes PREFIX.0, .1 and .2.
Value ConvAndActivate(GraphBuilder* b, const std::string& prefix, const Value& input, const ConvOptions& conv,
                      const Options& options) {
  const Value x = b->BatchNorm(prefix + ".1", b->Conv(prefix + ".0", input, conv), options.batch_norm);
  return b->Clip(prefix + ".2", x, 0, 6);
}

Value Block(GraphBuilder* b, const std::string& prefix, const Value& input, const Stage& stage, int64_t channels,
            int64_t stride, const Options& options) {
  const int64_t hidden = input.shape[0] * stage.expansion;
  int64_t number = 0;
  const auto next = [&] { return prefix + ".conv." + std::to_string(number++); };
  Value x = input;
  if (stage.expansion != 1) x = ConvAndActivate(b, next(), x, Pointwise(hidden), options);
  x = ConvAndActivate(b, next(), x, Spatial(hidden, stride, hidden), options);
  x = b->Conv(next(), x, Pointwise(channels));
  x = b->BatchNorm(next(), x, options.batch_norm);
  return stride == 1 && channels == input.shape[0] ? b->Add(prefix + ".add", input, x) : x;
}

}  // namespace

// Options: `width` (multiplier of the channels, which stay multiples of 8; the last convolution never has fewer than
// 1280), `dropout` (before the last layer), `bn_momentum`, `bn_epsilon`.
Result<Graph> Build(const ModelInput& input, const Config& config) {
  LOWBIT_TRY(const Options options, ReadOptions(config));
  GraphBuilder b("mobilenet_v2");
  int64_t number = 0;
  const auto next = [&] { return "features." + std::to_string(number++); };
  Value x = ConvAndActivate(&b, next(), b.Image(input), Spatial(WidenToEights(32, options.width), 2, 1), options);
  for (const Stage& stage : kStages) {
    const int64_t channels = WidenToEights(static_cast<double>(stage.channels), options.width);
    for (int64_t block = 0; block < stage.repeats; ++block) {
      x = Block(&b, next(), x, stage, channels, block == 0 ? stage.stride : 1, options);
    }
  }
  x = ConvAndActivate(&b, next(), x, Pointwise(WidenToEights(1280, std::max(1.0, options.width))), options);
  x = b.Dropout("classifier.0", b.Flatten("flatten", b.GlobalAveragePool("avgpool", x)), options.dropout);
  LinearOptions last;
  last.features = std::max<int64_t>(1, input.classes);
  last.weight_options = {ParameterTraits::Init::kNormal, 0.01, 1, 1};
  return b.Finish(b.Linear("classifier.1", x, last));
}

}  // namespace lowbit::models::networks::mobilenet_v2
