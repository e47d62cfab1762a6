// MobileNetV1 (Howard et al. 2017, table 1): pairs of a 3x3 convolution of each channel and a 1x1 one across them, each with batch
// normalization and activation. 4,231,976 parameters at 1000 classes; 470,072 at a quarter of the width.
//
// Layers are named as in the ports that detectors of faces start from: stage1.0.0 (convolution), stage1.0.1 (batch
// normalization), stage1.1.0 (of each channel), stage1.1.1, stage1.1.3 (across), stage1.1.4, ..., stage3.1.4, fc.

#include <algorithm>

#include "lowbit/models/builder.h"

namespace lowbit::models::networks::mobilenet_v1 {
namespace {

struct Options {
  double width = 1;
  double slope = 0;
  BatchNormOptions batch_norm;
};

Result<Options> ReadOptions(const Config& config) {
  ConfigReader reader(config, "model");
  Options options;
  options.width = reader.Float("width", 1, 0.01, 16);
  options.slope = reader.Float("slope", 0, 0, 1);
  options.batch_norm = ReadBatchNorm(&reader);
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  return options;
}

// Nodes PREFIX.FIRST, the next number, and the one after it.
Value ConvAndActivate(GraphBuilder* b, const std::string& prefix, int64_t first, const Value& input,
                      const ConvOptions& conv, const Options& options) {
  const auto name = [&](int64_t i) { return prefix + "." + std::to_string(first + i); };
  const Value x = b->BatchNorm(name(1), b->Conv(name(0), input, conv), options.batch_norm);
  return options.slope == 0 ? b->Relu(name(2), x) : b->LeakyRelu(name(2), x, options.slope);
}

Value Separable(GraphBuilder* b, const std::string& prefix, const Value& input, int64_t channels, int64_t stride,
                const Options& options) {
  ConvOptions each = PaddedConv(input.shape[0], 3, stride);
  each.groups = input.shape[0];
  const Value x = ConvAndActivate(b, prefix, 0, input, each, options);
  return ConvAndActivate(b, prefix, 3, x, PaddedConv(channels, 1, 1), options);
}

struct Pair {
  const char* name;
  int64_t channels, stride;
};
constexpr Pair kPairs[] = {{"stage1.1", 64, 1},  {"stage1.2", 128, 2}, {"stage1.3", 128, 1}, {"stage1.4", 256, 2},
                           {"stage1.5", 256, 1}, {"stage2.0", 512, 2}, {"stage2.1", 512, 1}, {"stage2.2", 512, 1},
                           {"stage2.3", 512, 1}, {"stage2.4", 512, 1}, {"stage2.5", 512, 1}, {"stage3.0", 1024, 2},
                           {"stage3.1", 1024, 1}};

}  // namespace

// Options: `width` (multiplier of the channels), `slope` (of the activations below 0; 0 as in the paper, 0.1 in those ports),
// `bn_momentum`, `bn_epsilon`.
Result<Graph> Build(const ModelInput& input, const Config& config) {
  LOWBIT_TRY(const Options options, ReadOptions(config));
  GraphBuilder b("mobilenet_v1");
  Value x = ConvAndActivate(&b, "stage1.0", 0, b.Image(input), PaddedConv(Widen(32, options.width), 3, 2), options);
  for (const Pair& pair : kPairs) {
    x = Separable(&b, pair.name, x, Widen(pair.channels, options.width), pair.stride, options);
  }
  LinearOptions last;
  last.features = std::max<int64_t>(1, input.classes);
  return b.Finish(b.Linear("fc", b.Flatten("flatten", b.GlobalAveragePool("average", x)), last));
}

}  // namespace lowbit::models::networks::mobilenet_v1
