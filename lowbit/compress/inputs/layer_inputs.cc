#include "lowbit/compress/inputs/layer_inputs.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>
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

// Computes one value of a network.
class ValueSource {
 public:
  static Result<ValueSource> Create(const Graph& graph, const std::string& value, int threads) {
    const bool is_input = value == graph.inputs[0].name;
    Graph cut = is_input ? graph : CutAt(graph, value);
    LOWBIT_TRY(runtime::Model model, runtime::Model::FromGraph(cut, {.threads = threads, .self_test = false}));
    return ValueSource(value, is_input, std::move(cut), std::move(model));
  }

  // What lies there until the next call, or `pixels`.
  Result<Span<const float>> Compute(const std::vector<float>& pixels, int64_t batch) {
    if (!is_input_) {
      LOWBIT_TRY(const int64_t elements, model_.OutputElements(0, batch));
      values_.resize(static_cast<size_t>(elements));
      LOWBIT_RETURN_IF_ERROR(model_.Run({pixels}, batch, {Span<float>(values_)}));
    }
    const Span<const float> computed(is_input_ ? pixels : values_);
    if (!std::all_of(computed.begin(), computed.end(), [](float v) { return std::isfinite(v); })) {
      return Failed("activation '" + value_ + "' is not finite in the samples");
    }
    return computed;
  }

  // Of what Compute gives: with a fixed batch, that of its runs, one after the other.
  Result<Shape> ShapeOf(int64_t batch) const {
    LOWBIT_TRY(const auto shapes, InferShapes(cut_, batch));
    Shape shape = shapes.at(value_);
    const int64_t fixed = cut_.inputs[0].shape[0];
    if (fixed != kDynamic && !shape.empty()) shape[0] *= batch / fixed;
    return shape;
  }

 private:
  ValueSource(std::string value, bool is_input, Graph cut, runtime::Model model)
      : value_(std::move(value)), is_input_(is_input), cut_(std::move(cut)), model_(std::move(model)) {}

  std::string value_;
  bool is_input_;
  Graph cut_;
  runtime::Model model_;
  std::vector<float> values_;
};

// Calls body(pixels, batch) for the samples, a batch at a time.
template <typename Body>
Status ForBatches(const data::ImageSet& images, int64_t samples, const Body& body) {
  std::vector<float> pixels;
  for (int64_t done = 0; done < samples; done += kBatch) {
    const int64_t batch = std::min(kBatch, samples - done);
    LOWBIT_RETURN_IF_ERROR(ReadBatch(images, done, batch, samples, &pixels));
    LOWBIT_RETURN_IF_ERROR(body(pixels, batch));
  }
  return Ok();
}

}  // namespace

bool ReadsPatches(const Node& node) {
  return node.op == "Conv" || (node.op == "Gemm" && IntAttribute(node, "transA", 0) == 0);
}

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
  LOWBIT_TRY(ValueSource source, ValueSource::Create(graph, value, threads));
  return ForBatches(images, samples, [&](const std::vector<float>& pixels, int64_t batch) -> Status {
    LOWBIT_TRY(const Span<const float> values, source.Compute(pixels, batch));
    LOWBIT_TRY(const Shape shape, source.ShapeOf(batch));
    return watch(values, shape);
  });
}

Status WatchBothOnImages(const Graph& first, const Graph& second, const std::string& value,
                         const data::ImageSet& images, int64_t samples, int threads, const WatchBoth& watch) {
  LOWBIT_RETURN_IF_ERROR(CheckImages(first, images));
  LOWBIT_TRY(ValueSource one, ValueSource::Create(first, value, threads));
  LOWBIT_TRY(ValueSource two, ValueSource::Create(second, value, threads));
  return ForBatches(images, samples, [&](const std::vector<float>& pixels, int64_t batch) -> Status {
    LOWBIT_TRY(const Span<const float> of_one, one.Compute(pixels, batch));
    LOWBIT_TRY(const Span<const float> of_two, two.Compute(pixels, batch));
    LOWBIT_TRY(const Shape shape, one.ShapeOf(batch));
    return watch(of_one, of_two, shape);
  });
}

}  // namespace lowbit::compress
