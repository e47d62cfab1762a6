#include "lowbit/app/evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace lowbit::app {

double LogSumExp(Span<const float> logits) {
  const double top = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += std::exp(logit - top);
  return std::log(sum) + top;
}

void Accumulate(Span<const float> logits, int64_t classes, Span<const int32_t> labels, Evaluation* evaluation) {
  for (size_t i = 0; i < labels.size(); ++i) {
    const Span<const float> row = logits.subspan(i * static_cast<size_t>(classes), static_cast<size_t>(classes));
    const int32_t best = static_cast<int32_t>(std::max_element(row.begin(), row.end()) - row.begin());
    evaluation->predictions.push_back(best);
    evaluation->correct += best == labels[i] ? 1 : 0;
    evaluation->loss += LogSumExp(row) - row[static_cast<size_t>(labels[i])];  // -log softmax
    ++evaluation->images;
  }
}

void Finish(Evaluation* evaluation) {
  if (evaluation->images > 0) evaluation->loss /= static_cast<double>(evaluation->images);
}

Result<data::Dataset> LoadNamedDataset(const std::string& name_and_path, const data::PictureOptions& pictures) {
  const size_t colon = name_and_path.find(':');
  const std::string name = name_and_path.substr(0, colon);
  const std::string path = colon == std::string::npos ? "" : name_and_path.substr(colon + 1);
  return data::LoadDataset(name, path, pictures);
}

Status CheckLabelled(const data::Dataset& dataset) {
  if (dataset.classes > 0) return Ok();
  return Invalid("data set '" + dataset.name +
                 "' has no labels to compare with; --against FILE.lbm compares with the answers of another network");
}

std::string ToText(const Evaluation& evaluation) {
  std::string text;
  for (const std::string& warning : evaluation.warnings) text += "warning: " + warning + "\n";
  text += fmt::format("{}: {:.2f} % of {} test images of {} right, loss {:.4f}, {:.3f} ms per image\n",
                      evaluation.subject, 100 * evaluation.accuracy(), evaluation.images, evaluation.dataset,
                      evaluation.loss, evaluation.milliseconds_per_image);
  return text;
}

std::string ToJson(const Evaluation& evaluation) {
  nlohmann::ordered_json json;
  json["subject"] = evaluation.subject;
  json["dataset"] = evaluation.dataset;
  json["warnings"] = evaluation.warnings;
  json["images"] = evaluation.images;
  json["correct"] = evaluation.correct;
  json["accuracy"] = evaluation.accuracy();
  json["loss"] = evaluation.loss;
  json["milliseconds_per_image"] = evaluation.milliseconds_per_image;
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace lowbit::app
