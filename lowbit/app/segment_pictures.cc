#include "lowbit/app/segment_pictures.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lowbit/app/output_file.h"
#include "lowbit/app/segmenter.h"
#include "lowbit/base/file.h"
#include "lowbit/data/encode_png.h"

namespace lowbit::app {
namespace {

Status CheckMask(const std::string& mask, const std::string& model, const std::vector<std::string>& pictures) {
  if (mask.empty()) return Ok();
  if (pictures.size() > 1)
    return Invalid("-o writes the mask of one picture; " + std::to_string(pictures.size()) + " are given");
  if (mask.size() < 4 || mask.compare(mask.size() - 4, 4, ".png") != 0) {
    return Invalid(mask + ": a mask is written as PNG; a name that ends in .png was expected");
  }
  return CheckOutput(mask, {model, pictures[0]}, ".png");
}

std::vector<SegmentedPicture::Class> Shares(const Segmenter& segmenter, const Segmenter::Map& map, int64_t top) {
  std::vector<SegmentedPicture::Class> classes;
  for (int64_t k = 0; k < segmenter.classes(); ++k) {
    const auto pixels =
        static_cast<double>(std::count(map.classes.begin(), map.classes.end(), static_cast<uint8_t>(k)));
    classes.push_back({segmenter.Label(k), k, pixels / static_cast<double>(map.classes.size())});
  }
  std::stable_sort(classes.begin(), classes.end(), [](const auto& a, const auto& b) { return a.share > b.share; });
  classes.resize(static_cast<size_t>(std::min<int64_t>(top, segmenter.classes())));
  return classes;
}

Status WriteMask(const Segmenter& segmenter, const Segmenter::Map& map, const std::string& path) {
  const std::vector<uint8_t> values = segmenter.MaskValues();
  std::vector<uint8_t> pixels = map.classes;
  for (uint8_t& pixel : pixels) pixel = values[pixel];
  LOWBIT_TRY(const std::vector<uint8_t> file, data::EncodePng(pixels, map.height, map.width));
  return WriteFileAtomic(path, file);
}

}  // namespace

Result<std::vector<SegmentedPicture>> SegmentPictures(const std::string& model,
                                                      const std::vector<std::string>& pictures, const std::string& mask,
                                                      int64_t top, int threads) {
  LOWBIT_RETURN_IF_ERROR(CheckMask(mask, model, pictures));
  LOWBIT_TRY(Segmenter segmenter, Segmenter::Load(model, threads));
  std::vector<SegmentedPicture> answers;
  for (const std::string& path : pictures) {
    LOWBIT_TRY(const data::Image8 picture, data::ReadImage(path));
    LOWBIT_TRY(const Segmenter::Map map, segmenter.Segment(picture));
    if (!mask.empty()) LOWBIT_RETURN_IF_ERROR(WriteMask(segmenter, map, mask));
    answers.push_back({path, mask, Shares(segmenter, map, top)});
  }
  return answers;
}

std::string ToText(const std::vector<SegmentedPicture>& pictures) {
  std::string text;
  for (const SegmentedPicture& picture : pictures) {
    text += picture.path + (picture.mask.empty() ? "" : " -> " + picture.mask) + "\n";
    for (const SegmentedPicture::Class& one : picture.top) {
      text += fmt::format("  {:5.1f} %  {}\n", 100 * one.share, one.label);
    }
  }
  return text;
}

std::string ToJson(const std::vector<SegmentedPicture>& pictures) {
  nlohmann::ordered_json images = nlohmann::ordered_json::array();
  for (const SegmentedPicture& picture : pictures) {
    nlohmann::ordered_json top = nlohmann::ordered_json::array();
    for (const SegmentedPicture::Class& one : picture.top) {
      top.push_back({{"label", one.label}, {"index", one.index}, {"share", one.share}});
    }
    nlohmann::ordered_json image = {{"image", picture.path}, {"classes", top}};
    if (!picture.mask.empty()) image["mask"] = picture.mask;
    images.push_back(image);
  }
  return nlohmann::ordered_json{{"images", images}}.dump(-1, ' ', false,
                                                         nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace lowbit::app
