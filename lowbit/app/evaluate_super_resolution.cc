#include "lowbit/app/evaluate_super_resolution.h"

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "lowbit/app/kernel_plan.h"
#include "lowbit/app/text.h"
#include "lowbit/base/error_in.h"
#include "lowbit/core/image_size.h"
#include "lowbit/format/lbm/lbm.h"
#include "lowbit/runtime/model.h"

namespace lowbit::app {
namespace {

constexpr char kName[] = "super-resolution";

Status CheckKind(const Graph& graph, const std::string& path) {
  const bool image = graph.inputs.size() == 1 && graph.inputs[0].shape.size() == 4 && graph.inputs[0].shape[1] == 1;
  if (image && graph.outputs.size() == 1) return Ok();
  return Invalid(path + ": does not sharpen pictures: expected one input [batch, 1, height, width] and one output");
}

// The network for one picture of that size.
Result<runtime::Model> ModelFor(const Graph& graph, const data::Plane& plane, int threads) {
  LOWBIT_TRY(const Graph sized, AtImageSize(graph, plane.height, plane.width));
  runtime::Options options;
  options.threads = threads;
  return runtime::Model::FromGraph(sized, options);
}

Result<SuperResolution::Picture> EvaluatePicture(const Graph& graph, const data::BlurredPicture& picture,
                                                 const std::string& path, int threads,
                                                 std::vector<std::string>* warnings) {
  const data::Plane& blurred = picture.blurred;
  Result<runtime::Model> made = ModelFor(graph, blurred, threads);
  if (!made.ok()) return ErrorIn(path, made.error());
  runtime::Model model = std::move(made).value();
  *warnings = FallbackWarnings(model.Nodes());
  data::Plane result = {blurred.height, blurred.width, std::vector<float>(blurred.values.size())};
  const auto start = std::chrono::steady_clock::now();
  LOWBIT_RETURN_IF_ERROR(model.Run(blurred.values, 1, result.values));
  return Compare(picture, result, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
}

double Mean(const SuperResolution& result, double SuperResolution::Picture::*figure) {
  double sum = 0;
  for (const SuperResolution::Picture& picture : result.pictures) sum += picture.*figure;
  return sum / static_cast<double>(result.pictures.size());
}

}  // namespace

double SuperResolution::MeanBicubic() const { return Mean(*this, &Picture::bicubic); }
double SuperResolution::MeanNetwork() const { return Mean(*this, &Picture::network); }

bool IsSuperResolution(const std::string& data) {
  return data == kName || data.rfind(std::string(kName) + ":", 0) == 0;
}

Result<std::string> PicturesFolder(const std::string& data) {
  const size_t colon = data.find(':');
  if (colon != std::string::npos && colon + 1 < data.size()) return data.substr(colon + 1);
  return Invalid("--data super-resolution: the pictures' folder is missing: super-resolution:FOLDER was expected");
}

Result<std::vector<data::BlurredPicture>> BlurPictures(const std::string& folder, int64_t scale) {
  LOWBIT_TRY(const std::vector<std::string> files, data::ListSharpPictures(folder));
  std::vector<data::BlurredPicture> pictures;
  for (const std::string& file : files) {
    LOWBIT_TRY(data::BlurredPicture picture, data::BlurPicture(file, scale));
    pictures.push_back(std::move(picture));
  }
  return pictures;
}

SuperResolution::Picture Compare(const data::BlurredPicture& picture, const data::Plane& made, double seconds) {
  SuperResolution::Picture result;
  result.name = picture.name;
  result.height = picture.sharp.height;
  result.width = picture.sharp.width;
  result.bicubic = data::Psnr(picture.blurred, picture.sharp, picture.factor);
  result.network = data::Psnr(made, picture.sharp, picture.factor);
  result.milliseconds = 1e3 * seconds;
  return result;
}

Result<SuperResolution> EvaluateSuperResolution(const std::string& path, const std::string& data, int64_t scale,
                                                int threads) {
  SuperResolution result;
  result.subject = path;
  result.scale = scale;
  LOWBIT_TRY(result.folder, PicturesFolder(data));
  LOWBIT_TRY(const Graph graph, lbm::Read(path));
  LOWBIT_RETURN_IF_ERROR(CheckKind(graph, path));
  LOWBIT_TRY(const std::vector<data::BlurredPicture> pictures, BlurPictures(result.folder, scale));
  for (const data::BlurredPicture& picture : pictures) {
    LOWBIT_TRY(SuperResolution::Picture seen, EvaluatePicture(graph, picture, path, threads, &result.warnings));
    result.pictures.push_back(std::move(seen));
  }
  return result;
}

std::string ToText(const SuperResolution& result) {
  std::string text;
  for (const std::string& warning : result.warnings) text += "warning: " + warning + "\n";
  std::vector<std::vector<std::string>> rows = {{"picture", "size", "bicubic", "network", "gain", "ms"}};
  const auto add = [&rows](const std::string& name, const std::string& size, double bicubic, double network,
                           const std::string& time) {
    rows.push_back({name, size, fmt::format("{:.2f} dB", bicubic), fmt::format("{:.2f} dB", network),
                    fmt::format("{:+.2f} dB", network - bicubic), time});
  };
  for (const SuperResolution::Picture& picture : result.pictures) {
    add(picture.name, fmt::format("{}x{}", picture.height, picture.width), picture.bicubic, picture.network,
        fmt::format("{:.0f}", picture.milliseconds));
  }
  add("mean", "", result.MeanBicubic(), result.MeanNetwork(), "");
  return text + TextTable(rows) +
         fmt::format("\n{}: pictures of {} made {} times smaller and large again; PSNR of the brightness\n",
                     result.subject, result.folder, result.scale);
}

std::string ToJson(const SuperResolution& result) {
  nlohmann::ordered_json pictures = nlohmann::ordered_json::array();
  for (const SuperResolution::Picture& picture : result.pictures) {
    pictures.push_back({{"name", picture.name},
                        {"height", picture.height},
                        {"width", picture.width},
                        {"bicubic_psnr", picture.bicubic},
                        {"psnr", picture.network},
                        {"milliseconds", picture.milliseconds}});
  }
  const nlohmann::ordered_json json = {{"subject", result.subject},
                                       {"folder", result.folder},
                                       {"scale", result.scale},
                                       {"warnings", result.warnings},
                                       {"bicubic_psnr", result.MeanBicubic()},
                                       {"psnr", result.MeanNetwork()},
                                       {"pictures", pictures}};
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace lowbit::app
