#include "bench/race/contest.h"

#include <cmath>
#include <string>

#include "bench/race/draw.h"
#include "bench/race/network.h"

namespace lowbit::bench {
namespace {

FloatTensor Scalar(double value) { return FloatTensor({}, {static_cast<float>(value)}); }

// A grid with scale 1: inputs lie on it, and the results of the layer before are scaled to it.
void AppendQuant(const std::string& name, const std::string& from, int bits, bool is_signed, Graph* graph) {
  const std::string width = "bits" + std::to_string(bits);
  graph->parameters["one"].value = Scalar(1);
  graph->parameters["zero"].value = Scalar(0);
  graph->parameters[width].value = Scalar(bits);
  graph->nodes.push_back(
      {name, "Quant", {from, "one", "zero", width}, {name}, {{"signed", static_cast<int64_t>(is_signed)}}});
}

void AppendSign(const std::string& name, const std::string& from, Graph* graph) {
  graph->parameters["one"].value = Scalar(1);
  graph->nodes.push_back({name, "BipolarQuant", {from, "one"}, {name}, {}});
}

// The integers of a layer's input, and where its results shall lie.
struct Ranges {
  int low = 0, high = 255, step = 1;
  double root_mean_square = 147;
  double middle = 128, spread = 100;  // Of the results.
};

constexpr Ranges kBytes;
constexpr Ranges kSignedBytes = {-127, 127, 1, 73, 0, 30};
constexpr Ranges kTwoBits = {0, 3, 1, 1.87, 0, 30};
constexpr Ranges kSigns = {-1, 1, 2, 1, 0, 30};

std::vector<float> DrawInput(int64_t count, const Ranges& ranges) {
  std::vector<float> values = DrawIntegers("input", count, 0, (ranges.high - ranges.low) / ranges.step);
  for (float& value : values) value = static_cast<float>(ranges.low) + value * static_cast<float>(ranges.step);
  return values;
}

// Weights whose scales, powers of two, bring the results where the ranges say. `suffix` tells layers of one contest apart.
void AddWeights(const std::string& suffix, const Shape& shape, const ValueSet& values, const Ranges& ranges,
                Graph* graph) {
  QTensor weight = DrawCodes("weight" + suffix, shape, values);
  const int64_t inputs = Elements(shape) / shape[0];  // Products that a result sums.
  const double deviation = std::sqrt(static_cast<double>(inputs)) * Deviation(values) * ranges.root_mean_square;
  const int exponent = static_cast<int>(std::lround(std::log2(ranges.spread / deviation)));
  const std::vector<float> steps = DrawIntegers("scale", shape[0], -1, 0);
  for (const float step : steps) weight.scales.push_back(std::ldexp(1.0f, exponent + static_cast<int>(step)));
  graph->parameters["weight" + suffix].value = std::move(weight);
  const int middle = static_cast<int>(ranges.middle);
  graph->parameters["bias" + suffix].value =
      FloatTensor({shape[0]}, DrawIntegers("bias", shape[0], middle - 64, middle + 64));
}

// Extents that no layer goes beyond.
Status CheckExtents(const std::vector<int64_t>& extents) {
  constexpr int64_t kMost = 1 << 14;
  for (const int64_t extent : extents) {
    if (extent < 1 || extent > kMost) {
      return Invalid("the contest has an extent of " + std::to_string(extent) + "; expected 1.." +
                     std::to_string(kMost));
    }
  }
  return Ok();
}

Result<Contest> ConvContest(const nlohmann::json& spec) {
  const int64_t in = spec.at("channels").at(0), out = spec.at("channels").at(1), size = spec.at("size");
  const int64_t kernel = spec.at("kernel"), stride = spec.value("stride", 1), groups = spec.value("groups", 1);
  Contest contest;
  contest.batch = spec.value("batch", 1);
  LOWBIT_RETURN_IF_ERROR(CheckExtents({in, out, size, kernel, stride, groups, contest.batch}));
  const int64_t pad = kernel / 2, out_size = (size + 2 * pad - kernel) / stride + 1;
  Graph& graph = contest.graph;
  graph.inputs = {{"x", {kDynamic, in, size, size}}};
  const std::string activations = spec.value("activations", "bytes");
  const bool bytes = activations == "bytes", signs = activations == "signs";
  if (!bytes && !signs && activations != "bits2") {
    return Invalid("no activations are called '" + activations + "'; known are bytes, bits2 and signs");
  }
  const Ranges& ranges = bytes ? kBytes : signs ? kSigns : kTwoBits;
  const Shape weight = {out, in / groups, kernel, kernel};
  LOWBIT_TRY(const ValueSet values, ValuesNamed(spec.at("weights"), weight));
  AddWeights("", weight, values, ranges, &graph);
  signs ? AppendSign("input", "x", &graph) : AppendQuant("input", "x", bytes ? 8 : 2, false, &graph);
  graph.nodes.push_back({"conv",
                         "Conv",
                         {"input", "weight", "bias"},
                         {"conv"},
                         {{"pads", std::vector<int64_t>{pad, pad, pad, pad}},
                          {"strides", std::vector<int64_t>{stride, stride}},
                          {"group", groups}}});
  if (bytes) AppendQuant("output", "conv", 8, false, &graph);
  graph.outputs = {bytes ? "output" : "conv"};
  contest.input = DrawInput(contest.batch * in * size * size, ranges);
  const int64_t products = in / groups * kernel * kernel;
  contest.macs = static_cast<double>(contest.batch * out_size * out_size * out * products);
  return contest;
}

Result<Contest> LinearContest(const nlohmann::json& spec) {
  const int64_t in = spec.at("features").at(0), out = spec.at("features").at(1);
  const bool is_signed = spec.value("signed", false);
  Contest contest;
  contest.batch = spec.value("batch", 1);
  const int64_t layers = spec.value("layers", 1);
  LOWBIT_RETURN_IF_ERROR(CheckExtents({in, out, contest.batch, layers}));
  LOWBIT_TRY(const ValueSet values, ValuesNamed(spec.at("weights"), {out, in}));
  const bool floats = spec.value("activations", "bytes") == "floats";
  const Ranges& ranges = is_signed ? kSignedBytes : kBytes;
  Graph& graph = contest.graph;
  graph.inputs = {{"x", {kDynamic, in}}};
  std::string value = "x";
  for (int64_t i = 0; i < layers; ++i) {
    const std::string suffix = std::to_string(i), input = "input" + suffix;
    AddWeights(suffix, {out, in}, values, ranges, &graph);
    if (!floats) AppendQuant(input, value, 8, is_signed, &graph);
    const std::string from = floats ? value : input;
    value = "linear" + suffix;
    graph.nodes.push_back(
        {value, "Gemm", {from, "weight" + suffix, "bias" + suffix}, {value}, {{"transB", int64_t{1}}}});
  }
  graph.outputs = {value};
  contest.input = DrawInput(contest.batch * in, ranges);
  contest.macs = static_cast<double>(contest.batch * in * out * layers);
  return contest;
}

Result<Contest> ContestOfKind(const std::string& kind, const nlohmann::json& spec) {
  if (kind == "conv") return ConvContest(spec);
  if (kind == "linear") return LinearContest(spec);
  if (kind == "network") return NetworkContest(spec);
  return Invalid("no kind of contest is called '" + kind + "'; known are conv, linear and network");
}

}  // namespace

Result<Contest> MakeContest(const nlohmann::json& spec) {
  LOWBIT_TRY(Contest contest, ContestOfKind(spec.at("kind"), spec));
  contest.graph.name = "race";
  if (contest.rival.nodes.empty()) contest.rival = contest.graph;
  return contest;
}

}  // namespace lowbit::bench
