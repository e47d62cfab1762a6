// VDSR (Kim, Lee & Lee, "Accurate Image Super-Resolution Using Very Deep Convolutional Networks", CVPR 2016): a stack of 3x3
// convolutions and ReLUs that computes what is to be added to a blurred picture.

#include "lowbit/models/builder.h"

namespace lowbit::models::networks::vdsr {

// The image in and out is pixels, 0..255 (in the paper one channel, the brightness); convolutions see it as the input's mean
// and scale have it, and their sum is divided by that scale before it is added. Fully convolutional: any height and width.
// Options: `depth` (convolutions, 20), `width` (channels, 64), `bias` (none in the published networks' ports).
// Layers: input, residual_layer.0.conv, residual_layer.1.conv, ..., output.
Result<Graph> Build(const ModelInput& given, const Config& config) {
  ConfigReader reader(config, "model");
  const int64_t depth = reader.Int("depth", 20, 2, 1000);
  ConvOptions conv;
  conv.channels = reader.Int("width", 64, 1, 4096);
  conv.bias = reader.Bool("bias", false);
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  if (given.scale.size() > 1) return Invalid("network 'vdsr': all channels must have one scale");
  const float scale = given.scale.empty() ? 1.0f : given.scale[0];
  if (!(scale > 0)) return Invalid("network 'vdsr': the scale of its input must be above 0");
  ModelInput input = given;
  input.classes = 1;  // It has none.
  GraphBuilder b("vdsr");
  const Value pixels = b.Image(input), image = {"image", pixels.shape};
  Value x = b.Relu("input.relu", b.Conv("input", pixels, conv));
  for (int64_t i = 0; i + 2 < depth; ++i) {
    const std::string layer = "residual_layer." + std::to_string(i);
    x = b.Relu(layer + ".relu", b.Conv(layer + ".conv", x, conv));
  }
  conv.channels = image.shape[0];
  x = b.Scale("output.scale", b.Conv("output", x, conv), 1 / scale);
  return b.Finish(b.Add("add", x, image));
}

}  // namespace lowbit::models::networks::vdsr
