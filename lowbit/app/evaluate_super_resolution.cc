#include "lowbit/app/evaluate_super_resolution.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "lowbit/app/kernel_plan.h"
#include "lowbit/app/text.h"
#include "lowbit/data/super_resolution.h"
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
Result<runtime::Model> ModelFor(Graph graph, int64_t height, int64_t width, int threads, const std::string& path) {
  graph.inputs[0].shape = {1, 1, height, width};
  runtime::Options options;
  options.threads = threads;
  Result<runtime::Model> model = runtime::Model::FromGraph(graph, options);
  const std::string size = std::to_string(height) + "x" + std::to_string(width);
  if (!model.ok()) return Invalid(path + ": cannot take pictures of " + size + ": " + model.error().message);
  if (model.value().Outputs()[0].shape != graph.inputs[0].shape) {
    return Invalid(path + ": does not sharpen pictures: makes " + ToString(model.value().Outputs()[0].shape) + " of " +
                   ToString(graph.inputs[0].shape));
  }
  return model;
}

Result<SuperResolution::Picture> EvaluatePicture(const Graph& graph, const std::string& file, const std::string& path,
                                                 int64_t scale, int threads, std::vector<std::string>* warnings) {
  LOWBIT_TRY(const data::Image8 image, data::ReadImage(file));
  Result<data::Plane> sharp = data::Brightness(image, scale);
  if (!sharp.ok()) return Invalid(file + ": " + sharp.error().message);
  const data::Plane& truth = sharp.value();
  SuperResolution::Picture picture;
  picture.name = file.substr(file.rfind('/') + 1);
  picture.height = truth.height;
  picture.width = truth.width;
  if (std::min(truth.height, truth.width) <= 2 * scale) {
    return Invalid(file + ": is smaller than three times the scale, " + std::to_string(scale));
  }
  const data::Plane blurred = data::Blur(truth, scale);
  LOWBIT_TRY(runtime::Model model, ModelFor(graph, truth.height, truth.width, threads, path));
  *warnings = FallbackWarnings(model.Nodes());
  data::Plane result = {truth.height, truth.width, std::vector<float>(truth.values.size())};
  const auto start = std::chrono::steady_clock::now();
  LOWBIT_RETURN_IF_ERROR(model.Run(blurred.values, 1, result.values));
  picture.milliseconds = 1e3 * std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  picture.bicubic = data::Psnr(blurred, truth, scale);
  picture.network = data::Psnr(result, truth, scale);
  return picture;
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

Result<SuperResolution> EvaluateSuperResolution(const std::string& path, const std::string& data, int64_t scale,
                                                int threads) {
  SuperResolution result;
  result.subject = path;
  result.scale = scale;
  const size_t colon = data.find(':');
  if (colon == std::string::npos || colon + 1 == data.size()) {
    return Invalid("--data super-resolution: the pictures' folder is missing: super-resolution:FOLDER was expected");
  }
  result.folder = data.substr(colon + 1);
  LOWBIT_TRY(const Graph graph, lbm::Read(path));
  LOWBIT_RETURN_IF_ERROR(CheckKind(graph, path));
  LOWBIT_TRY(const std::vector<std::string> files, data::ListSharpPictures(result.folder));
  for (const std::string& file : files) {
    LOWBIT_TRY(SuperResolution::Picture picture, EvaluatePicture(graph, file, path, scale, threads, &result.warnings));
    result.pictures.push_back(std::move(picture));
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
