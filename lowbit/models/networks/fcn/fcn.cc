// A fully convolutional network for segmentation in the shape of Ronneberger, Fischer & Brox, "U-Net", MICCAI 2015, padded so that it
// keeps the image's size, with batch normalization: levels that halve the image, and the way back up.

#include "lowbit/models/builder.h"

namespace lowbit::models::networks::fcn {
namespace {

struct Options {
  int64_t depth = 4, convs = 2;
  double width = 1;
  BatchNormOptions batch_norm;

  int64_t Channels(int64_t level) const { return Widen(int64_t{64} << level, width); }
};

Value Unit(GraphBuilder* b, const std::string& layer, const std::string& number, const Value& input,
           const ConvOptions& conv, const BatchNormOptions& batch_norm) {
  const Value x = b->BatchNorm(layer + ".bn" + number, b->Conv(layer + ".conv" + number, input, conv), batch_norm);
  return b->Relu(layer + ".relu" + number, x);
}

Value Level(GraphBuilder* b, const std::string& layer, Value x, int64_t channels, const Options& options) {
  for (int64_t i = 1; i <= options.convs; ++i) {
    x = Unit(b, layer, std::to_string(i), x, PaddedConv(channels, 3, 1), options.batch_norm);
  }
  return x;
}

}  // namespace

// Level l has 64 * 2^l * width channels at 1 / 2^l of the size; `convs` times 3x3 convolution, normalization, ReLU on either side.
// The way up is a transposed convolution of 2x2 with stride 2, computed as what it is, a 1x1 convolution that makes each pixel's
// block of four, and DepthToSpace; so every method of quantization and every kernel of convolutions is good for it. Options: `depth`
// (how often the image is halved, 4), `width` (1), `convs` (2). Height and width must be multiples of 2^depth; any will do.
// Layers: down0, down1, ..., bottom, ..., up1, up0, classifier; output [classes, height, width].
Result<Graph> Build(const ModelInput& input, const Config& config) {
  ConfigReader reader(config, "model");
  Options options;
  options.depth = reader.Int("depth", options.depth, 1, 6);
  options.convs = reader.Int("convs", options.convs, 1, 8);
  options.width = reader.Float("width", options.width, 1.0 / 64, 64);
  options.batch_norm = ReadBatchNorm(&reader);
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  GraphBuilder b("fcn");
  Value x = b.Image(input);
  const int64_t multiple = int64_t{1} << options.depth;
  const bool is_image = x.shape == input.image;  // Else Finish says what is wrong with it.
  if (is_image && (x.shape[1] % multiple != 0 || x.shape[2] % multiple != 0)) {
    return Invalid("network 'fcn': of depth " + std::to_string(options.depth) +
                   " it takes images whose height and width are " + "multiples of " + std::to_string(multiple) +
                   ", not " + std::to_string(x.shape[1]) + "x" + std::to_string(x.shape[2]));
  }
  std::vector<Value> levels;
  for (int64_t l = 0; l < options.depth; ++l) {
    const std::string layer = "down" + std::to_string(l);
    levels.push_back(Level(&b, layer, x, options.Channels(l), options));
    x = b.MaxPool(layer + ".pool", levels.back());
  }
  x = Level(&b, "bottom", x, options.Channels(options.depth), options);
  for (int64_t l = options.depth - 1; l >= 0; --l) {
    const std::string layer = "up" + std::to_string(l);
    const int64_t channels = options.Channels(l);
    x = Unit(&b, layer, "0", x, PaddedConv(4 * channels, 1, 1), options.batch_norm);
    x = b.Concat(layer + ".concat", levels[static_cast<size_t>(l)], b.DepthToSpace(layer + ".blocks", x, 2));
    x = Level(&b, layer, x, channels, options);
  }
  ConvOptions classifier = PaddedConv(input.classes, 1, 1);
  classifier.bias = true;
  return b.Finish(b.Conv("classifier", x, classifier));
}

}  // namespace lowbit::models::networks::fcn
