#include "lowbit/app/picture_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "lowbit/base/suggest.h"
#include "lowbit/core/image_input.h"
#include "lowbit/core/validate.h"
#include "lowbit/data/class_list.h"
#include "lowbit/data/crop.h"
#include "lowbit/models/adapt.h"

namespace lowbit::app {
namespace {

bool AllPositive(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return v > 0 && std::isfinite(v); });
}

bool IsNormalized(const PictureInput& input) { return input.range != 0 || !input.mean.empty() || !input.std.empty(); }

// (pixel * range / 255 - mean) / std as (pixel - mean * 255 / range) * range / (255 std)
Result<PixelNormalization> MakeNormalization(const PictureInput& input) {
  PixelNormalization normalization;
  normalization.reverse_channels = input.bgr;
  if (!IsNormalized(input)) return normalization;
  const double range = input.range != 0 ? input.range : 1;
  if (!AllPositive({range})) return Invalid("the range of its pixels must be above 0");
  if (!AllPositive(input.std)) return Invalid("each std of its pixels must be above 0");
  for (const double mean : input.mean) normalization.mean.push_back(static_cast<float>(mean * 255 / range));
  const std::vector<double> std = input.std.empty() ? std::vector<double>{1} : input.std;
  for (const double deviation : std) normalization.scale.push_back(static_cast<float>(range / (255 * deviation)));
  return normalization;
}

// "bgr, 0..1, mean 0.485,0.456,0.406, std 0.229,0.224,0.225"
std::string Description(const PictureInput& input) {
  std::string text = input.bgr ? "bgr, " : "";
  text += fmt::format("0..{}", IsNormalized(input) ? (input.range != 0 ? input.range : 1) : 255);
  if (!input.mean.empty()) text += fmt::format(", mean {}", fmt::join(input.mean, ","));
  if (!input.std.empty()) text += fmt::format(", std {}", fmt::join(input.std, ","));
  return text;
}

// A picture that was resized holds the image, whose sides are alike.
Status NoteResize(int64_t resize, Graph* graph) {
  const Shape& shape = graph->inputs[0].shape;
  if (graph->inputs.size() != 1 || shape.size() != 4 || shape[2] != shape[3]) {
    return Invalid("only a network of square images can have pictures resized, not one of " + ToString(shape));
  }
  if (resize < shape[2] || resize > data::kMaxPictureSide) {
    return Invalid("the length that pictures are resized to is " + std::to_string(resize) + "; expected " +
                   std::to_string(shape[2]) + ", the network's, to " + std::to_string(data::kMaxPictureSide));
  }
  graph->metadata["resize"] = std::to_string(resize);
  return Ok();
}

Status NameClasses(const std::string& path, Graph* graph) {
  LOWBIT_TRY(const data::ClassList classes, data::ReadClassList(path));
  LOWBIT_TRY(const auto shapes, InferShapes(*graph, 1));
  const Shape& output = shapes.at(graph->outputs[0]);
  const auto count = static_cast<int64_t>(classes.names.size());
  if (graph->outputs.size() != 1 || output != Shape{1, count}) {
    return Invalid("its first output is " + ToString(output) + " for an image; " + path + " names " +
                   std::to_string(count) + " classes");
  }
  graph->metadata["class_folders"] = Join(classes.folders, "\n");
  graph->metadata["labels"] = Join(classes.names, "\n");
  return Ok();
}

}  // namespace

Status TakePictures(const PictureInput& input, Graph* graph) {
  if (input.channels_last) {
    LOWBIT_TRY(*graph, TakeChannelsFirst(std::move(*graph)));
    const Shape& shape = graph->inputs[0].shape;
    if (shape[1] != 1 && shape[1] != 3) {
      return Invalid("has " + std::to_string(shape[1]) + " channels last; pictures have 1 or 3");
    }
  }
  if (IsNormalized(input) || input.bgr) {
    LOWBIT_TRY(const PixelNormalization normalization, MakeNormalization(input));
    LOWBIT_RETURN_IF_ERROR(NormalizePixels(normalization, graph));
    if (input.bgr && graph->inputs[0].shape[1] != 3) {
      return Invalid("takes images of " + std::to_string(graph->inputs[0].shape[1]) +
                     " channels; only those of 3 can have blue first");
    }
    graph->metadata["pixels"] = Description(input);
  }
  if (input.resize != 0) LOWBIT_RETURN_IF_ERROR(NoteResize(input.resize, graph));
  if (!input.classes.empty()) LOWBIT_RETURN_IF_ERROR(NameClasses(input.classes, graph));
  return Validate(*graph);
}

std::string PixelAdvice(const PictureInput& input, const Graph& graph) {
  if (IsNormalized(input) || input.bgr || models::NormalizesPixels(graph)) return "";
  const bool images = graph.inputs.size() == 1 && graph.inputs[0].shape.size() == 4 &&
                      (graph.inputs[0].shape[1] == 1 || graph.inputs[0].shape[1] == 3);
  if (!images) return "";
  return "takes pixels 0..255 as they are; if it was trained on others, import it with --mean and --std";
}

}  // namespace lowbit::app
