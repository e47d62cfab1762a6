// SqueezeNet 1.1 (Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters", 2016; 1.1 is the authors' later
// layout with fewer multiply-accumulates): fire modules, which narrow by a 1x1 convolution and widen by a 1x1 and a 3x3 one side by
// side; no batch normalization. 1,235,496 parameters at 1000 classes.
//
// Layers are named as in the authors' file, with a point where they have a stroke: conv1, fire2.squeeze1x1, fire2.expand1x1,
// fire2.expand3x3, ..., conv10.

#include <algorithm>

#include "lowbit/models/builder.h"

namespace lowbit::models::networks::squeezenet {
namespace {

ConvOptions Conv(int64_t channels, int64_t kernel, int64_t stride, int64_t padding) {
  ConvOptions conv = PaddedConv(channels, kernel, stride);
  conv.padding = padding;
  conv.bias = true;
  return conv;
}

Value ConvAndActivate(GraphBuilder* b, const std::string& name, const Value& input, const ConvOptions& conv) {
  return b->Relu(name + ".relu", b->Conv(name, input, conv));
}

// As many channels come out of each of the two that widen.
Value Fire(GraphBuilder* b, const std::string& name, const Value& input, int64_t squeeze, int64_t expand) {
  const Value x = ConvAndActivate(b, name + ".squeeze1x1", input, Conv(squeeze, 1, 1, 0));
  const Value narrow = ConvAndActivate(b, name + ".expand1x1", x, Conv(expand, 1, 1, 0));
  const Value wide = ConvAndActivate(b, name + ".expand3x3", x, Conv(expand, 3, 1, 1));
  return b->Concat(name + ".concat", narrow, wide);
}

}  // namespace

// Options: `width` (multiplier of the channels), `dropout` (before the last layer, 0.5), `bgr` (the first layer sees blue first, as
// the authors' weights want it; the input's mean and scale are those of red, green, blue all the same).
Result<Graph> Build(const ModelInput& input, const Config& config) {
  ConfigReader reader(config, "model");
  const double width = reader.Float("width", 1, 0.01, 16);
  const double dropout = reader.Float("dropout", 0.5, 0, 0.99);
  const bool bgr = reader.Bool("bgr", false);
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  const PoolOptions pool = {3, 2, 0, true};
  GraphBuilder b("squeezenet");
  Value x = b.Image(input);
  if (bgr) x = b.ReverseChannels("input.bgr", x);
  x = ConvAndActivate(&b, "conv1", x, Conv(Widen(64, width), 3, 2, 0));
  const int64_t squeezed[] = {16, 16, 32, 32, 48, 48, 64, 64};
  for (int64_t i = 0; i < 8; ++i) {
    if (i == 0 || i == 2 || i == 4) x = b.MaxPool("pool" + std::to_string(i + 1), x, pool);
    x = Fire(&b, "fire" + std::to_string(i + 2), x, Widen(squeezed[i], width), Widen(4 * squeezed[i], width));
  }
  x = b.Dropout("drop9", x, dropout);
  x = ConvAndActivate(&b, "conv10", x, Conv(std::max<int64_t>(1, input.classes), 1, 1, 0));
  return b.Finish(b.Flatten("flatten", b.GlobalAveragePool("pool10", x)));
}

}  // namespace lowbit::models::networks::squeezenet
