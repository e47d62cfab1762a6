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
  if (metrics.measure->in_training) {
    const std::string word = metrics.measure->word;
    json[word] = scalars["train/" + word] = metrics.average.score();
  }
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
  const std::string word = metrics.measure->word;
  if (metrics.measure->in_training) json["train_" + word] = metrics.train.score();
  std::map<std::string, double> scalars;
  if (metrics.test.has_value()) {
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
  const std::string word = outcome.measure->word;
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

std::string ProgressText(const TestMeasure& measure, const Averages& average) {
  if (measure.loss_digits > 0) return fmt::format("loss {:.{}g}", average.loss(), measure.loss_digits);
  const std::string text = fmt::format("loss {:.3f}", average.loss());
  return measure.in_training ? text + fmt::format("  acc {:.1f} %", 100 * average.score()) : text;
}

std::string EpochText(const EpochMetrics& metrics) {
  const TestMeasure& measure = *metrics.measure;
  std::string text = measure.in_training
                         ? fmt::format("loss {:.4f}  acc {}", metrics.train.loss(), measure.Text(metrics.train.score()))
                         : ProgressText(measure, metrics.train);
  if (metrics.test.has_value()) {
    text += "  " + measure.after_epoch(measure.Text(metrics.test->score()), metrics.test->loss());
  }
  if (metrics.ratio > 0 && metrics.ratio < 1) text += fmt::format("  quantized {:g} %", 100 * metrics.ratio);
  return text + "  " + ClockText(metrics.seconds);
}

}  // namespace lowbit::train
