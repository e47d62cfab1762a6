// A recurrent network for spectrograms: images whose rows are moments in time, as the sets of sounds make them
// (lowbit/data/sound/log_mel.h). LSTM or GRU layers over the rows, and a linear layer.

#include <algorithm>

#include "lowbit/models/builder.h"

namespace lowbit::models::networks::speech_rnn {
namespace {

struct Options {
  RecurrentOptions cell;
  int64_t layers = 1;
  int64_t stack = 1;
  bool bidirectional = false;
  bool frames = false;
  double dropout = 0;
};

Result<Options> ReadOptions(const Config& config) {
  ConfigReader reader(config, "model");
  Options options;
  options.cell.gru = reader.String("cell", "lstm", {"lstm", "gru"}) == "gru";
  options.layers = reader.Int("layers", 1, 1, 16);
  options.cell.hidden = Widen(reader.Int("hidden", 64, 1, 4096), reader.Float("width", 1, 0.01, 64));
  options.stack = reader.Int("stack", 1, 1, 64);
  options.bidirectional = reader.Bool("bidirectional", false);
  options.frames = reader.String("output", "utterance", {"utterance", "frames"}) == "frames";
  options.dropout = reader.Float("dropout", 0, 0, 0.99);
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  return options;
}

// Each direction is a node of its own, so that each of its matrices is quantized for itself.
Value Layer(GraphBuilder* b, const std::string& name, const Value& x, const Options& options) {
  RecurrentOptions cell = options.cell;
  const Value forward = b->Recurrent(name, x, cell);
  if (!options.bidirectional) return forward;
  cell.reverse = true;
  return b->JoinFeatures(name + ".both", forward, b->Recurrent(name + ".reverse", x, cell));
}

}  // namespace

// Options: `cell` = lstm | gru, `layers`, `hidden` (units of a layer and direction), `width` (their multiplier), `stack` (rows that
// make one step, which must divide the image's height), `bidirectional`, `output` = utterance (one answer, of the mean of the last
// layer over all steps) | frames (one for each step: logits [batch, height / stack, classes]), `dropout` (behind each recurrent layer).
// Layers: rnn1.W, rnn1.R (and rnn1.reverse.W, rnn1.reverse.R), rnn2.W, ..., fc.
Result<Graph> Build(const ModelInput& input, const Config& config) {
  LOWBIT_TRY(const Options options, ReadOptions(config));
  GraphBuilder b("speech_rnn");
  Value x = b.RowsAsSteps("steps", b.Image(input), options.stack);
  for (int64_t layer = 1; layer <= options.layers; ++layer) {
    const std::string number = std::to_string(layer);
    x = b.Dropout("drop" + number, Layer(&b, "rnn" + number, x, options), options.dropout);
  }
  LinearOptions last;
  last.features = std::max<int64_t>(1, input.classes);
  if (options.frames) return b.Finish(b.LinearOfSteps("fc", x, last));
  return b.Finish(b.Linear("fc", b.MeanOverSteps("mean", x), last));
}

}  // namespace lowbit::models::networks::speech_rnn
