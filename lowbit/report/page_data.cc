#include <algorithm>
#include <nlohmann/json.hpp>

#include "lowbit/core/measure.h"
#include "lowbit/report/page.h"
#include "lowbit/report/page_groups.h"

namespace lowbit::report {
namespace {

using nlohmann::json;

template <typename T>
json OrNull(const std::optional<T>& value) {
  return value.has_value() ? json(*value) : json(nullptr);
}

// One member of every line, as a list: a page of columns is a third of the size of a page of objects.
template <typename Line, typename T>
json Column(const std::vector<Line>& lines, T Line::*member) {
  json column = json::array();
  for (const Line& line : lines) column.push_back(line.*member);
  return column;
}

template <typename Line, typename T>
json Column(const std::vector<Line>& lines, std::optional<T> Line::*member) {
  json column = json::array();
  for (const Line& line : lines) column.push_back(OrNull(line.*member));
  return column;
}

json StepColumns(const std::vector<StepLine>& lines) {
  return {{"epoch", Column(lines, &StepLine::epoch)},
          {"loss", Column(lines, &StepLine::loss)},
          {"learning_rate", Column(lines, &StepLine::learning_rate)},
          {"ratio", Column(lines, &StepLine::ratio)}};
}

// The scores of one kind that tests found; null where there is none.
json ScoreColumn(const std::vector<EpochLine>& lines, const std::string& word) {
  json column = json::array();
  for (const EpochLine& line : lines) {
    const auto found = line.scores.find(word);
    column.push_back(found == line.scores.end() ? json(nullptr) : json(found->second));
  }
  return column;
}

json EpochColumns(const std::vector<EpochLine>& lines) {
  json columns = {{"epoch", Column(lines, &EpochLine::epoch)},
                  {"iteration", Column(lines, &EpochLine::iteration)},
                  {"train_loss", Column(lines, &EpochLine::train_loss)},
                  {"train_accuracy", Column(lines, &EpochLine::train_accuracy)},
                  {"test_loss", Column(lines, &EpochLine::test_loss)},
                  {"seconds", Column(lines, &EpochLine::seconds)}};
  for (const TestMeasure& measure : TestMeasures()) {
    columns[std::string("test_") + measure.word] = ScoreColumn(lines, measure.word);
  }
  return columns;
}

json HistogramData(const std::optional<Histogram>& histogram) {
  if (!histogram.has_value()) return nullptr;
  return {{"low", histogram->low}, {"high", histogram->high}, {"counts", histogram->counts}};
}

// Each word's numbers, null in the lines that lack it.
json DetailColumns(const std::vector<LayerLine>& lines) {
  json columns = json::object();
  for (const LayerLine& line : lines) {
    for (const auto& [word, value] : line.details) columns[word] = json::array();
  }
  for (auto& [word, column] : columns.items()) {
    for (const LayerLine& line : lines) {
      const auto found = line.details.find(word);
      column.push_back(found == line.details.end() ? json(nullptr) : json(found->second));
    }
  }
  return columns;
}

json ActivationData(const ActivationQuantizer& quantizer) {
  return {{"name", quantizer.name},
          {"epoch", Column(quantizer.lines, &ActivationLine::epoch)},
          {"saturated", Column(quantizer.lines, &ActivationLine::saturated)},
          {"zero", Column(quantizer.lines, &ActivationLine::zero)},
          {"scale", Column(quantizer.lines, &ActivationLine::scale)}};
}

json LayerData(const Layer& layer) {
  return {{"name", layer.name},
          {"epoch", Column(layer.lines, &LayerLine::epoch)},
          {"weights", layer.lines.empty() ? json(nullptr) : json(layer.lines.back().weights)},
          {"error", Column(layer.lines, &LayerLine::error)},
          {"quantized", Column(layer.lines, &LayerLine::quantized)},
          {"zero", Column(layer.lines, &LayerLine::zero)},
          {"details", DetailColumns(layer.lines)},
          {"start", HistogramData(layer.start)},
          {"end", HistogramData(layer.end)}};
}

json InfoData(const RunInfo& info) {
  return {{"lowbit", info.lowbit},
          {"commit", info.commit},
          {"name", info.name},
          {"description", info.description},
          {"method", info.method},
          {"device", info.device},
          {"libtorch", info.libtorch},
          {"seed", OrNull(info.seed)},
          {"threads", OrNull(info.threads)},
          {"dataset",
           {{"name", info.dataset.name},
            {"warnings", info.dataset.warnings},
            {"train", info.dataset.train},
            {"test", info.dataset.test},
            {"classes", info.dataset.classes},
            {"image", info.dataset.image}}},
          {"model",
           {{"name", info.model.name},
            {"weights", info.model.weights},
            {"parameters", OrNull(info.model.parameters)},
            {"macs", OrNull(info.model.macs)}}}};
}

json FinalData(const std::optional<FinalLine>& line) {
  if (!line.has_value()) return nullptr;
  return {{"epoch", line->epoch},
          {"iteration", line->iteration},
          {"test_loss", line->test_loss},
          {"test_" + line->measure, line->test_score},
          {"best_test_" + line->measure, line->best_test_score},
          {"best_epoch", line->best_epoch},
          {"seconds", line->seconds}};
}

// What the page calls the scores of tests.
json MeasureData() {
  json measures = json::object();
  for (const TestMeasure& measure : TestMeasures()) {
    measures[measure.word] = {{"title", measure.title},
                              {"spoken", measure.spoken},
                              {"best", measure.best},
                              {"loss", measure.loss},
                              {"share", measure.is_share}};
  }
  return measures;
}

json SizeData(const std::optional<SizeLine>& line) {
  if (!line.has_value()) return nullptr;
  return {{"float_bytes", line->float_bytes},
          {"packed_bytes", OrNull(line->packed_bytes)},
          {"bits_per_weight", OrNull(line->bits_per_weight)}};
}

json RunData(const Run& run, const std::string& label) {
  json layers = json::array();
  for (const Layer& layer : run.layers) layers.push_back(LayerData(layer));
  json activations = json::array();
  for (const ActivationQuantizer& quantizer : run.activations) activations.push_back(ActivationData(quantizer));
  return {{"label", label},
          {"info", InfoData(run.info)},
          {"recipe", run.recipe},
          {"notes", run.notes},
          {"steps", StepColumns(run.steps)},
          {"epochs", EpochColumns(run.epochs)},
          {"layers", layers},
          {"activations", activations},
          {"final", FinalData(run.final)},
          {"size", SizeData(run.size)}};
}

// Adds `suffix(i)` to every label that occurs more than once.
template <typename Suffix>
void TellApart(std::vector<std::string>* labels, Suffix suffix) {
  const std::vector<std::string> before = *labels;
  for (size_t i = 0; i < before.size(); ++i) {
    if (std::count(before.begin(), before.end(), before[i]) > 1) (*labels)[i] += suffix(i);
  }
}

}  // namespace

std::vector<std::string> RunLabels(const std::vector<Run>& runs) {
  std::vector<std::string> labels;
  labels.reserve(runs.size());
  for (const Run& run : runs) labels.push_back(run.info.name);
  TellApart(&labels, [&](size_t i) { return " (" + runs[i].folder + ")"; });
  TellApart(&labels, [](size_t i) { return " #" + std::to_string(i + 1); });
  return labels;
}

std::string PageData(const std::vector<Run>& runs, const std::vector<PageGroup>& groups) {
  const std::vector<std::string> labels = RunLabels(runs);
  json shown = json::array();
  for (size_t i = 0; i < runs.size(); ++i) shown.push_back(RunData(runs[i], labels[i]));
  const json data = {{"measures", MeasureData()}, {"groups", GroupsData(groups, runs)}, {"runs", shown}};
  // Folder names and recipes may hold bytes that are no UTF-8: shown as replacement characters.
  const std::string text = data.dump(-1, ' ', false, json::error_handler_t::replace);
  std::string safe;
  safe.reserve(text.size());
  // In JSON a '<' can only stand inside a string, where \u003c means the same; in HTML it could end the script element.
  for (const char letter : text) {
    if (letter == '<') {
      safe += "\\u003c";
    } else {
      safe += letter;
    }
  }
  return safe;
}

}  // namespace lowbit::report
