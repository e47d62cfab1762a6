#include "lowbit/app/segmenter.h"

#include <charconv>
#include <chrono>
#include <set>
#include <utility>

#include "lowbit/app/kernel_plan.h"
#include "lowbit/app/text.h"
#include "lowbit/core/image_size.h"
#include "lowbit/core/validate.h"
#include "lowbit/data/segmentation.h"
#include "lowbit/format/lbm/lbm.h"

namespace lowbit::app {
namespace {

constexpr int64_t kMostMultiple = 64;

int64_t RoundUp(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

// How many channels it takes and classes it tells apart.
Result<std::pair<int64_t, int64_t>> KindOf(const Graph& graph, const std::string& path) {
  LOWBIT_TRY(const auto shapes, InferShapes(graph, 1));
  if (graph.inputs.size() == 1 && graph.outputs.size() == 1) {
    const Shape& in = shapes.at(graph.inputs[0].name);
    const Shape& out = shapes.at(graph.outputs[0]);
    const bool pictures = in.size() == 4 && (in[1] == 1 || in[1] == 3);
    const bool maps = pictures && out.size() == 4 && out[1] >= 2 && out[1] <= data::kMostPixelClasses;
    if (maps && out[2] == in[2] && out[3] == in[3]) return std::make_pair(in[1], out[1]);
  }
  return Invalid(path +
                 ": tells no classes of pixels: expected one input [batch, 1 or 3, height, width] and one output " +
                 "[batch, classes, height, width]");
}

}  // namespace

Result<Segmenter> Segmenter::Load(const std::string& path, int threads) {
  Segmenter segmenter;
  segmenter.path_ = path;
  segmenter.threads_ = threads;
  LOWBIT_TRY(segmenter.graph_, lbm::Read(path));
  LOWBIT_TRY(const auto kind, KindOf(segmenter.graph_, path));
  segmenter.channels_ = kind.first;
  segmenter.classes_ = kind.second;
  const auto labels = segmenter.graph_.metadata.find("labels");
  if (labels != segmenter.graph_.metadata.end()) segmenter.labels_ = SplitLines(labels->second);
  return segmenter;
}

std::string Segmenter::Label(int64_t k) const {
  const auto index = static_cast<size_t>(k);
  return index < labels_.size() ? labels_[index] : std::to_string(k);
}

std::vector<uint8_t> Segmenter::MaskValues() const {
  std::vector<uint8_t> values;
  for (int64_t k = 0; k < classes_; ++k) {
    const std::string label = Label(k);
    uint8_t value = 0;
    const std::from_chars_result read = std::from_chars(label.data(), label.data() + label.size(), value);
    if (read.ec == std::errc() && read.ptr == label.data() + label.size()) values.push_back(value);
  }
  if (std::set<uint8_t>(values.begin(), values.end()).size() == static_cast<size_t>(classes_)) return values;
  values.clear();
  for (int64_t k = 0; k < classes_; ++k) values.push_back(static_cast<uint8_t>(k));
  return values;
}

Status Segmenter::Prepare(int64_t height, int64_t width) {
  if (model_.has_value() && height == picture_height_ && width == picture_width_) return Ok();
  Status why;
  for (int64_t multiple = 1; multiple <= kMostMultiple; multiple *= 2) {
    const int64_t high = RoundUp(height, multiple), wide = RoundUp(width, multiple);
    const Result<Graph> sized = AtImageSize(graph_, high, wide, classes_);
    if (!sized.ok()) {
      if (why.ok()) why = Invalid(path_ + ": the network " + sized.error().message);
      continue;
    }
    runtime::Options options;
    options.threads = threads_;
    LOWBIT_TRY(runtime::Model model, runtime::Model::FromGraph(sized.value(), options));
    warnings_ = FallbackWarnings(model.Nodes());
    model_.emplace(std::move(model));
    picture_height_ = height, picture_width_ = width;
    height_ = high, width_ = wide;
    return Ok();
  }
  return why;
}

Result<Segmenter::Map> Segmenter::Segment(const data::Image8& picture) {
  Map map;
  map.height = picture.shape[1];
  map.width = picture.shape[2];
  LOWBIT_TRY(const data::Image8 fitted, data::FitTo(picture, channels_, map.height, map.width));
  LOWBIT_RETURN_IF_ERROR(Prepare(map.height, map.width));
  std::vector<float> image;
  for (int64_t c = 0; c < channels_; ++c) {
    const uint8_t* plane = fitted.pixels.data() + c * map.height * map.width;
    const std::vector<uint8_t> mirrored = data::MirrorTo(plane, map.height, map.width, height_, width_);
    image.insert(image.end(), mirrored.begin(), mirrored.end());
  }
  std::vector<float> logits(static_cast<size_t>(classes_ * height_ * width_));
  const auto start = std::chrono::steady_clock::now();
  LOWBIT_RETURN_IF_ERROR(model_->Run(image, 1, logits));
  map.milliseconds = 1e3 * std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const std::vector<uint8_t> classes = data::LargestClass(logits.data(), classes_, height_ * width_);
  for (int64_t y = 0; y < map.height; ++y) {
    const auto row = classes.begin() + y * width_;
    map.classes.insert(map.classes.end(), row, row + map.width);
  }
  return map;
}

bool IsSegmentationFile(const std::string& path) {
  const Result<Graph> graph = lbm::Read(path);
  if (!graph.ok()) return false;
  const auto dataset = graph.value().metadata.find("dataset");
  return dataset != graph.value().metadata.end() && dataset->second == "segmentation";
}

}  // namespace lowbit::app
