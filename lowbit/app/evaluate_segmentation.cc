#include "lowbit/app/evaluate_segmentation.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "lowbit/app/data_folder.h"
#include "lowbit/app/segmenter.h"
#include "lowbit/app/text.h"
#include "lowbit/data/confusion_matrix.h"
#include "lowbit/data/segmentation.h"

namespace lowbit::app {
namespace {

constexpr char kName[] = "segmentation";

// A number that BuildNetwork noted; `otherwise` where it noted none.
Result<int64_t> Noted(const Segmenter& segmenter, const std::string& path, const std::string& key, int64_t otherwise) {
  const auto found = segmenter.Metadata().find(key);
  if (found == segmenter.Metadata().end()) return otherwise;
  const std::string& text = found->second;
  int64_t value = 0;
  const std::from_chars_result read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec == std::errc() && read.ptr == text.data() + text.size()) return value;
  return Invalid(path + ": its '" + key + "' is '" + text + "'; a whole number was expected");
}

Result<std::vector<data::MaskedPicture>> ReadTests(const Segmenter& segmenter, const std::string& path,
                                                   const std::string& folder) {
  LOWBIT_TRY(const int64_t last, Noted(segmenter, path, "test_last", 0));
  LOWBIT_TRY(const int64_t ignore, Noted(segmenter, path, "mask_ignore", -1));
  LOWBIT_TRY(data::MaskedHalves halves, data::ReadHalves(folder, last, /*tests_alone=*/true));
  data::MaskValues values;
  for (const uint8_t value : segmenter.MaskValues()) values.values.push_back(value);
  values.ignore = ignore;
  LOWBIT_RETURN_IF_ERROR(data::NumberClasses(values, &halves.tests));
  return std::move(halves.tests);
}

}  // namespace

bool IsSegmentation(const std::string& data) { return DataName(data) == kName; }

Result<Segmentation> EvaluateSegmentation(const std::string& path, const std::string& data, int threads) {
  Segmentation result;
  result.subject = path;
  LOWBIT_TRY(Segmenter segmenter, Segmenter::Load(path, threads));
  LOWBIT_TRY(result.folder, DataFolder(data.empty() ? kName : data));
  LOWBIT_TRY(const std::vector<data::MaskedPicture> pictures, ReadTests(segmenter, path, result.folder));
  data::ConfusionMatrix matrix(segmenter.classes());
  for (const data::MaskedPicture& picture : pictures) {
    LOWBIT_TRY(const Segmenter::Map map, segmenter.Segment(picture.picture));
    matrix.Add(map.classes, picture.mask);
    result.milliseconds += map.milliseconds / static_cast<double>(pictures.size());
  }
  result.pictures = static_cast<int64_t>(pictures.size());
  result.pixels = matrix.total();
  for (int64_t k = 0; k < segmenter.classes(); ++k) {
    result.classes.push_back({segmenter.Label(k), matrix.IntersectionOverUnion(k)});
  }
  result.mean_iou = matrix.MeanIntersectionOverUnion();
  result.pixel_accuracy = matrix.PixelAccuracy();
  result.warnings = segmenter.warnings();
  return result;
}

std::string ToText(const Segmentation& result) {
  std::string text;
  for (const std::string& warning : result.warnings) text += "warning: " + warning + "\n";
  std::vector<std::vector<std::string>> rows = {{"class", "IoU"}};
  for (const Segmentation::Class& one : result.classes) {
    rows.push_back({one.label, std::isnan(one.iou) ? "-" : fmt::format("{:.2f} %", 100 * one.iou)});
  }
  rows.push_back({"mean", fmt::format("{:.2f} %", 100 * result.mean_iou)});
  return text + TextTable(rows) +
         fmt::format("\n{}: {} pictures of {}; {:.2f} % of the pixels have their class; {:.1f} ms a picture\n",
                     result.subject, result.pictures, result.folder, 100 * result.pixel_accuracy, result.milliseconds);
}

std::string ToJson(const Segmentation& result) {
  nlohmann::ordered_json classes = nlohmann::ordered_json::array();
  for (const Segmentation::Class& one : result.classes) {
    const nlohmann::ordered_json iou = std::isnan(one.iou) ? nlohmann::ordered_json() : nlohmann::ordered_json(one.iou);
    classes.push_back({{"label", one.label}, {"iou", iou}});
  }
  const nlohmann::ordered_json json = {{"subject", result.subject},
                                       {"folder", result.folder},
                                       {"pictures", result.pictures},
                                       {"pixels", result.pixels},
                                       {"warnings", result.warnings},
                                       {"iou", result.mean_iou},
                                       {"pixel_accuracy", result.pixel_accuracy},
                                       {"classes", classes},
                                       {"milliseconds", result.milliseconds}};
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace lowbit::app
