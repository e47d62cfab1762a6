#include "lowbit/app/data_status.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace lowbit::app {
namespace {

using Json = nlohmann::ordered_json;

Json PlaceJson(const data::DatasetPlace& place) {
  return {{"folder", place.folder}, {"complete", place.complete()}, {"missing", place.missing}};
}

Json SetJson(const data::DatasetStatus& set) {
  Json places = Json::array();
  for (const data::DatasetPlace& place : set.places) places.push_back(PlaceJson(place));
  return {{"name", set.kind.name},
          {"description", set.kind.description},
          {"found", set.chosen() != nullptr ? Json(set.chosen()->folder) : Json()},
          {"places", places},
          {"how_to_get", set.kind.how_to_get}};
}

Json CheckedJson(const data::Dataset& dataset) {
  return {{"name", dataset.name},         {"path", dataset.path},         {"train", dataset.train.count()},
          {"test", dataset.test.count()}, {"image", dataset.train.image}, {"classes", dataset.classes},
          {"warnings", dataset.warnings}};
}

std::string CheckedText(const data::Dataset& dataset) {
  std::string text =
      fmt::format("{}: {} training and {} test images {}, {} classes\n",
                  dataset.train.reader == nullptr ? "read and verified" : "listed, not read", dataset.train.count(),
                  dataset.test.count(), ToString(dataset.train.image), dataset.classes);
  for (const std::string& warning : dataset.warnings) text += "warning: " + warning + "\n";
  return text;
}

}  // namespace

Result<DataStatus> FindData(const std::string& name) {
  DataStatus status;
  LOWBIT_TRY(status.sets, data::FindDatasets(name));
  if (!name.empty() && status.sets[0].chosen() != nullptr) {
    LOWBIT_TRY(status.checked, data::LoadDataset(name, ""));
  }
  return status;
}

std::string ToText(const DataStatus& status) {
  std::string text = data::DescribeDatasets(status.sets);
  if (status.checked.has_value()) text += CheckedText(*status.checked);
  return text;
}

std::string ToJson(const DataStatus& status) {
  Json json;
  for (const data::DatasetStatus& set : status.sets) json["sets"].push_back(SetJson(set));
  if (status.checked.has_value()) json["checked"] = CheckedJson(*status.checked);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace lowbit::app
