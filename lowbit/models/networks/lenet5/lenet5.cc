// LeNet-5 as low-bit methods use it for digits (Louizos et al., "Relaxed quantization", 2019): 32C5-MP2-64C5-MP2-512FC-FC,
// ReLU in between, convolutions without padding. 581,408 weights and 618 biases at 1x28x28 and 10 classes.

#include <algorithm>

#include "lowbit/models/builder.h"

namespace lowbit::models::networks::lenet5 {
namespace {

struct Options {
  double width = 1;
  bool normalize = false;
  BatchNormOptions batch_norm;
};

Result<Options> ReadOptions(const Config& config) {
  ConfigReader reader(config, "model");
  Options options;
  options.width = reader.Float("width", 1, 0.01, 64);
  options.normalize = reader.Bool("batch_norm", false);
  options.batch_norm = ReadBatchNorm(&reader);
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  return options;
}

// Batch normalization, where there is one, and ReLU.
Value Activate(GraphBuilder* b, const std::string& number, Value x, const Options& options) {
  if (options.normalize) x = b->BatchNorm("bn" + number, x, options.batch_norm);
  return b->Relu("relu" + number, x);
}

Value ConvStage(GraphBuilder* b, const std::string& number, const Value& x, int64_t channels, const Options& options) {
  ConvOptions conv;
  conv.channels = Widen(channels, options.width);
  conv.kernel = 5;
  conv.padding = 0;
  conv.bias = !options.normalize;
  return b->MaxPool("pool" + number, Activate(b, number, b->Conv("conv" + number, x, conv), options));
}

}  // namespace

// Options: `width` (multiplier of the channels and hidden features), `batch_norm` (after every layer but the last, in
// place of the biases), `bn_momentum`, `bn_epsilon`.
Result<Graph> Build(const ModelInput& input, const Config& config) {
  LOWBIT_TRY(const Options options, ReadOptions(config));
  GraphBuilder b("lenet5");
  Value x = ConvStage(&b, "1", b.Image(input), 32, options);
  x = b.Flatten("flatten", ConvStage(&b, "2", x, 64, options));
  LinearOptions linear;
  linear.features = Widen(512, options.width);
  linear.bias = !options.normalize;
  x = Activate(&b, "3", b.Linear("fc3", x, linear), options);
  linear.features = std::max<int64_t>(1, input.classes);
  linear.bias = true;
  return b.Finish(b.Linear("fc4", x, linear));
}

}  // namespace lowbit::models::networks::lenet5
