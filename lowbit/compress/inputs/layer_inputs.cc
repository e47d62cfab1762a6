#include "lowbit/compress/inputs/layer_inputs.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "lowbit/compress/inputs/check_images.h"
#include "lowbit/core/validate.h"
#include "lowbit/runtime/model.h"

namespace lowbit::compress {
namespace {

constexpr int64_t kBatch = 32;

Status ReadBatch(const data::ImageSet& images, int64_t first, int64_t count, int64_t samples,
                 std::vector<float>* pixels) {
  std::vector<uint8_t> buffer;
  pixels->clear();
  for (int64_t i = first; i < first + count; ++i) {
    LOWBIT_TRY(const Span<const uint8_t> image, images.Read(i * images.count() / samples, data::Crop(), &buffer));
    pixels->insert(pixels->end(), image.begin(), image.end());
  }
  return Ok();
}

}  // namespace

Graph CutAt(const Graph& graph, const std::string& value) {
  Graph cut;
  cut.name = graph.name;
  cut.inputs = graph.inputs;
  cut.outputs = {value};
  std::set<std::string> needed = {value};
  for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
    const bool is_needed = std::any_of(node->outputs.begin(), node->outputs.end(),
                                       [&](const std::string& output) { return needed.count(output) != 0; });
    if (!is_needed) continue;
    needed.insert(node->inputs.begin(), node->inputs.end());
    cut.nodes.push_back(*node);
  }
  std::reverse(cut.nodes.begin(), cut.nodes.end());
  for (const auto& [name, parameter] : graph.parameters) {
    if (needed.count(name) != 0) cut.parameters.emplace(name, parameter);
  }
  return cut;
}

Status WatchOnImages(const Graph& graph, const std::string& value, const data::ImageSet& images, int64_t samples,
                     int threads, const WatchValue& watch) {
  LOWBIT_RETURN_IF_ERROR(CheckImages(graph, images));
  const bool is_input = value == graph.inputs[0].name;
  const Graph cut = is_input ? graph : CutAt(graph, value);
  LOWBIT_TRY(runtime::Model model, runtime::Model::FromGraph(cut, {.threads = threads, .self_test = false}));
  std::vector<float> pixels, values;
  for (int64_t done = 0; done < samples; done += kBatch) {
    const int64_t batch = std::min(kBatch, samples - done);
    LOWBIT_RETURN_IF_ERROR(ReadBatch(images, done, batch, samples, &pixels));
    if (!is_input) {
      LOWBIT_TRY(const int64_t elements, model.OutputElements(0, batch));
      values.resize(static_cast<size_t>(elements));
      LOWBIT_RETURN_IF_ERROR(model.Run({pixels}, batch, {Span<float>(values)}));
    }
    const std::vector<float>& watched = is_input ? pixels : values;
    if (!std::all_of(watched.begin(), watched.end(), [](float v) { return std::isfinite(v); })) {
      return Failed("activation '" + value + "' is not finite in the samples");
    }
    LOWBIT_TRY(const auto shapes, InferShapes(cut, batch));
    LOWBIT_RETURN_IF_ERROR(watch(watched, shapes.at(value)));
  }
  return Ok();
}

}  // namespace lowbit::compress
