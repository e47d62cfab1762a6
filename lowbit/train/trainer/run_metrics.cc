#include "lowbit/train/trainer/run_metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "lowbit/train/trainer/progress.h"

namespace lowbit::train {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kBins = 61;  // Odd: zero is in the middle of a bin where the range is symmetrical.

Status WriteJson(const Json& json, MetricsLog* log) {
  return log->Write(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace

Status WriteStep(const StepMetrics& metrics, MetricsLog* log) {
  Json json = {{"kind", "step"},
               {"iteration", metrics.iteration},
               {"epoch", metrics.epoch},
               {"stage", metrics.stage},
               {"loss", metrics.average.loss()}};
  std::map<std::string, double> scalars = {{"train/loss", metrics.average.loss()},
                                           {"learning_rate", metrics.learning_rate},
                                           {"quantized_share", metrics.ratio}};
  if (metrics.measure == Measure::kAccuracy) json["accuracy"] = scalars["train/accuracy"] = metrics.average.score();
  json["learning_rate"] = metrics.learning_rate;
  json["ratio"] = metrics.ratio;
  json["images_per_second"] = metrics.images_per_second;
  LOWBIT_RETURN_IF_ERROR(WriteJson(json, log));
  return log->Scalars(metrics.iteration, scalars);
}

Status WriteEpoch(const EpochMetrics& metrics, MetricsLog* log) {
  Json json = {{"kind", "epoch"},
               {"epoch", metrics.epoch},
               {"iteration", metrics.iteration},
               {"stage", metrics.stage},
               {"train_loss", metrics.train.loss()}};
  if (metrics.measure == Measure::kAccuracy) json["train_accuracy"] = metrics.train.score();
  std::map<std::string, double> scalars;
  if (metrics.test.has_value()) {
    const std::string word = Word(metrics.measure);
    json["test_loss"] = scalars["test/loss"] = metrics.test->loss();
    json["test_" + word] = scalars["test/" + word] = metrics.test->score();
  }
  json["ratio"] = metrics.ratio;
  json["seconds"] = metrics.seconds;
  LOWBIT_RETURN_IF_ERROR(WriteJson(json, log));
  return log->Scalars(metrics.iteration, scalars);
}

Status WriteLayers(int64_t epoch, int64_t iteration, const std::vector<LayerStatistics>& layers, MetricsLog* log) {
  std::map<std::string, double> scalars;
  for (const LayerStatistics& layer : layers) {
    Json json = {{"kind", "layer"},          {"epoch", epoch},       {"layer", layer.layer},
                 {"weights", layer.weights}, {"error", layer.error}, {"quantized", layer.quantized_share},
                 {"zero", layer.zero_share}};
    scalars["error/" + layer.layer] = layer.error;
    for (const auto& [word, value] : layer.details) json[word] = scalars[word + "/" + layer.layer] = value;
    LOWBIT_RETURN_IF_ERROR(WriteJson(json, log));
  }
  return log->Scalars(iteration, scalars);
}

Status WriteActivations(int64_t epoch, int64_t iteration, const std::vector<ActivationStatistics>& quantizers,
                        MetricsLog* log) {
  std::map<std::string, double> scalars;
  for (const ActivationStatistics& quantizer : quantizers) {
    LOWBIT_RETURN_IF_ERROR(WriteJson({{"kind", "activation"},
                                      {"epoch", epoch},
                                      {"node", quantizer.node},
                                      {"saturated", quantizer.saturated},
                                      {"zero", quantizer.zero},
                                      {"scale", quantizer.scale}},
                                     log));
    scalars["saturated/" + quantizer.node] = quantizer.saturated;
    scalars["activation_scale/" + quantizer.node] = quantizer.scale;
  }
  return log->Scalars(iteration, scalars);
}

Status WriteHistogram(const std::string& when, const std::string& layer, const std::vector<float>& values,
                      MetricsLog* log) {
  if (values.empty()) return Ok();
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  // Symmetrical about zero, and never empty.
  const double reach = std::max({-static_cast<double>(*least), static_cast<double>(*most), 1e-12});
  std::vector<int64_t> counts(kBins);
  for (const float value : values) {
    const int bin = static_cast<int>((value + reach) / (2 * reach) * kBins);
    ++counts[static_cast<size_t>(std::clamp(bin, 0, kBins - 1))];
  }
  return WriteJson(
      {{"kind", "histogram"}, {"when", when}, {"layer", layer}, {"low", -reach}, {"high", reach}, {"counts", counts}},
      log);
}

Status WriteFinal(const TrainOutcome& outcome, MetricsLog* log) {
  const std::string word = Word(outcome.measure);
  return WriteJson({{"kind", "final"},
                    {"epoch", outcome.epochs},
                    {"iteration", outcome.iterations},
                    {"test_loss", outcome.test_loss},
                    {"test_" + word, outcome.test_score},
                    {"best_test_" + word, outcome.best_test_score},
                    {"best_epoch", outcome.best_epoch},
                    {"seconds", outcome.seconds}},
                   log);
}

std::string ProgressText(Measure measure, const Averages& average) {
  // Squares of pixels in 0..1 have nothing in their first digits.
  if (measure == Measure::kPsnr) return fmt::format("loss {:.3g}", average.loss());
  if (measure == Measure::kAgreement) return fmt::format("loss {:.3f}", average.loss());
  return fmt::format("loss {:.3f}  acc {:.1f} %", average.loss(), 100 * average.score());
}

std::string EpochText(const EpochMetrics& metrics) {
  std::string text = metrics.measure == Measure::kAccuracy ? fmt::format("loss {:.4f}  acc {}", metrics.train.loss(),
                                                                         Text(metrics.measure, metrics.train.score()))
                                                           : ProgressText(metrics.measure, metrics.train);
  if (metrics.test.has_value()) {
    const std::string score = Text(metrics.measure, metrics.test->score());
    text += metrics.measure == Measure::kAgreement
                ? fmt::format("  test: teacher's class {}, divergence {:.4f}", score, metrics.test->loss())
                : "  test " + score;
  }
  if (metrics.ratio > 0 && metrics.ratio < 1) text += fmt::format("  quantized {:g} %", 100 * metrics.ratio);
  return text + "  " + ClockText(metrics.seconds);
}

}  // namespace lowbit::train
