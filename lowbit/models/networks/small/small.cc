// A small convolutional network for images of about 28x28 pixels: 3x3 convolutions, each with batch normalization and
// ReLU; every stage after the first works at half the resolution of the one before.

#include <algorithm>

#include "lowbit/models/builder.h"

namespace lowbit::models::networks::small {
namespace {

struct Options {
  std::vector<int64_t> channels;
  int64_t depth = 1;
  bool pool = true;
  bool average = false;
  int64_t hidden = 0;
  double dropout = 0;
  BatchNormOptions batch_norm;
};

Result<Options> ReadOptions(const Config& config) {
  ConfigReader reader(config, "model");
  Options options;
  options.channels = reader.Ints("channels", {16, 32, 64}, 1, 4096);
  const double width = reader.Float("width", 1, 0.01, 64);
  for (int64_t& channels : options.channels) channels = Widen(channels, width);
  if (options.channels.empty()) reader.Reject("channels", "a list of at least one number");
  options.depth = reader.Int("depth", 1, 1, 16);
  options.pool = reader.String("downsample", "pool", {"pool", "stride"}) == "pool";
  options.average = reader.String("head", "flatten", {"flatten", "average"}) == "average";
  options.hidden = reader.Int("hidden", 0, 0, 65536);
  options.dropout = reader.Float("dropout", 0, 0, 0.99);
  options.batch_norm = ReadBatchNorm(&reader);
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  return options;
}

Value ConvBlock(GraphBuilder* b, const std::string& number, const Value& input, int64_t channels, int64_t stride,
                const Options& options) {
  ConvOptions conv;
  conv.channels = channels;
  conv.stride = stride;
  const Value x = b->BatchNorm("bn" + number, b->Conv("conv" + number, input, conv), options.batch_norm);
  return b->Relu("relu" + number, x);
}

Value Features(GraphBuilder* b, Value x, const Options& options) {
  int64_t layer = 0;
  for (size_t stage = 0; stage < options.channels.size(); ++stage) {
    const bool stride = stage > 0 && !options.pool;
    for (int64_t i = 0; i < options.depth; ++i) {
      x = ConvBlock(b, std::to_string(++layer), x, options.channels[stage], stride && i == 0 ? 2 : 1, options);
    }
    if (options.pool) x = b->MaxPool("pool" + std::to_string(stage + 1), x);
  }
  return x;
}

}  // namespace

// Options: `channels` of the stages (list), `width` (their multiplier), `depth` (convolutions in a stage),
// `downsample` = pool (2x2 max pooling after each stage) | stride (first convolution of each stage but the first),
// `head` = flatten | average (global average pooling), `hidden` (features of a fully connected layer before the last;
// 0: none), `dropout` (before the last layer), `bn_momentum`, `bn_epsilon`.
Result<Graph> Build(const ModelInput& input, const Config& config) {
  LOWBIT_TRY(const Options options, ReadOptions(config));
  GraphBuilder b("small");
  Value x = Features(&b, b.Image(input), options);
  if (options.average) x = b.GlobalAveragePool("average", x);
  x = b.Flatten("flatten", x);
  if (options.hidden > 0) {
    LinearOptions hidden;
    hidden.features = options.hidden;
    hidden.bias = false;
    x = b.Relu("relu_fc1", b.BatchNorm("bn_fc1", b.Linear("fc1", x, hidden), options.batch_norm));
  }
  x = b.Dropout("drop", x, options.dropout);
  LinearOptions last;
  last.features = std::max<int64_t>(1, input.classes);
  return b.Finish(b.Linear("fc", x, last));
}

}  // namespace lowbit::models::networks::small
