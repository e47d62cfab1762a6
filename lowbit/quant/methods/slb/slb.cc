#include "lowbit/quant/methods/slb/slb.h"

#include <algorithm>
#include <cmath>

#include "lowbit/quant/choice.h"
#include "lowbit/quant/sums.h"

namespace lowbit::quant::methods::slb {
namespace {

int Count(int bits) { return 1 << bits; }

}  // namespace

std::vector<double> Levels(int bits) {
  std::vector<double> levels;
  levels.reserve(static_cast<size_t>(Count(bits)));
  for (int k = 0; k < Count(bits); ++k) levels.push_back(2 * k - (Count(bits) - 1));
  return levels;
}

double LevelScale(int bits) { return 1.0 / (Count(bits) - 1); }

ValueSet LevelSet(int bits) {
  if (bits == 1) return ValueSet::Binary();
  const std::vector<double> levels = Levels(bits);
  return ValueSet::Table(std::vector<float>(levels.begin(), levels.end()));
}

std::vector<double> Probabilities(Span<const double> logits, double temperature) {
  const double most = *std::max_element(logits.begin(), logits.end());
  std::vector<double> p;
  double sum = 0;
  for (const double logit : logits) sum += p.emplace_back(std::exp(temperature * (logit - most)));
  for (double& probability : p) probability /= sum;
  return p;
}

double Expectation(Span<const double> logits, Span<const double> values, double temperature) {
  const std::vector<double> p = Probabilities(logits, temperature);
  double sum = 0;
  for (size_t k = 0; k < p.size(); ++k) sum += p[k] * values[k];
  return sum;
}

std::vector<double> Gradient(Span<const double> logits, Span<const double> values, double temperature) {
  const double weight = Expectation(logits, values, temperature);
  std::vector<double> gradient = Probabilities(logits, temperature);
  for (size_t k = 0; k < gradient.size(); ++k) gradient[k] *= temperature * (values[k] - weight);
  return gradient;
}

size_t Winner(Span<const double> logits) {
  return static_cast<size_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

double StartScale(Span<const float> row, int bits) {
  const double mean = AbsSum(row) / static_cast<double>(row.size());
  const int positive = Count(bits) / 2;  // 1, 3, .., 2 n - 1, whose mean is n.
  const double mean_value = positive * LevelScale(bits);
  return mean / mean_value;
}

std::vector<double> StartLogits(double weight, double scale, int bits, double kappa) {
  std::vector<double> logits;
  const double place = scale > 0 ? weight / scale / LevelScale(bits) : 0;
  for (const double level : Levels(bits)) {
    const double steps = (place - level) / 2;
    logits.push_back(-kappa * steps * steps);
  }
  return logits;
}

QTensor Slb::Quantize(Span<const float> weights, const Shape& shape) const {
  QTensor result;
  result.shape = shape;
  result.values = LevelSet(options_.bits);
  for (int64_t i = 0; i < result.Rows(); ++i) {
    const Span<const float> row = Row(weights, i, result.Columns());
    const double scale = StartScale(row, options_.bits);
    for (const float w : row) {
      result.codes.push_back(static_cast<uint8_t>(Winner(StartLogits(w, scale, options_.bits, options_.kappa))));
    }
    result.scales.push_back(static_cast<float>(scale * LevelScale(options_.bits)));
  }
  return result;
}

Result<Options> ReadOptions(const Config& config) {
  ConfigReader reader(config, "quantize.slb");
  Options options;
  options.bits = static_cast<int>(reader.Int("bits", options.bits, 1, 4));
  options.temperature = ReadTemperature(&reader);
  options.hard = reader.Bool("hard", options.hard);
  options.learn_values = reader.Bool("learn_values", options.learn_values);
  options.scale = ReadEnum(&reader, "scale", options.scale, {"none", "channel"});
  options.init = ReadEnum(&reader, "init", options.init, {"random", "weights"});
  options.kappa = reader.Float("kappa", options.kappa, 1e-3, 1e3);
  options.logit_rate = reader.Float("logit_rate", options.logit_rate, 0, 1e6);
  options.logit_decay = reader.Float("logit_decay", options.logit_decay, 0, 1e6);
  const bool random = options.init == Options::Init::kRandom;
  if (random && reader.Has("kappa")) reader.Reject("kappa", "left out: only 'init' = weights uses it");
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  return options;
}

Result<std::unique_ptr<Quantizer>> Create(const Config& options) {
  LOWBIT_TRY(const Options read, ReadOptions(options));
  return std::unique_ptr<Quantizer>(std::make_unique<Slb>(read));
}

}  // namespace lowbit::quant::methods::slb
