// How fast the runtime is here and now. Prints, asserts nothing.
//
//   lowbit_bench_runtime FILE...   milliseconds for an image of packed networks, by batch and threads
//   lowbit_bench_runtime           single layers on one thread: billions of multiplications a second; steps of an LSTM

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "lowbit/base/random.h"
#include "lowbit/core/graph.h"
#include "lowbit/runtime/model.h"

namespace lowbit::runtime {
namespace {

std::vector<float> Noise(int64_t count) {
  const CounterRandom random(1, StreamOf("bench"));
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i) values.push_back(static_cast<float>(random.Uniform(static_cast<uint64_t>(i))));
  return values;
}

// Seconds of the fastest call, of at least 5 calls and 0.3 s: what the machine can do, whatever else it does just now.
template <typename Function>
double BestSeconds(const Function& function) {
  double best = 1e300, total = 0;
  function();
  for (int calls = 0; calls < 5 || total < 0.3; ++calls) {
    const auto start = std::chrono::steady_clock::now();
    function();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    best = std::min(best, seconds);
    total += seconds;
  }
  return best;
}

// REQUIRES: one input and one output
double SecondsForBatch(Model* model, int64_t batch) {
  Shape shape = model->Inputs()[0].shape;
  shape[0] = batch;
  const std::vector<float> input = Noise(Elements(shape));
  std::vector<float> output(static_cast<size_t>(model->OutputElements(0, batch).value()));
  return BestSeconds([&] { (void)model->Run(input, batch, output).ok(); });
}

Status BenchFile(const std::string& path) {
  for (const int threads : {1, 2}) {
    LOWBIT_TRY(Model model, Model::Load(path, {.threads = threads}));
    if (model.Inputs().size() != 1 || model.Outputs().size() != 1) {
      return Invalid(path + ": more than one input or output");
    }
    for (const int64_t batch : {1, 64}) {
      std::printf("%s  threads %d  batch %2d  %.4f ms an image  (%.1f KiB planned)\n", path.c_str(), threads,
                  static_cast<int>(batch), 1e3 * SecondsForBatch(&model, batch) / static_cast<double>(batch),
                  static_cast<double>(model.PlannedBytes()) / 1024);
    }
  }
  return Ok();
}

struct Layer {
  const char* name;
  Shape input;  // [C, H, W] or [features]
  Shape weight;
  int64_t stride = 1, groups = 1, batch = 1;
};

Parameter RandomWeight(const Shape& shape, const ValueSet* values) {
  Parameter parameter;
  const std::vector<float> noise = Noise(Elements(shape));
  if (values == nullptr) {
    parameter.value = FloatTensor(shape, noise);
    return parameter;
  }
  QTensor tensor;
  tensor.shape = shape;
  tensor.values = *values;
  tensor.scales = {0.1f};
  for (int64_t i = 0; i < Elements(shape) / values->block; ++i) {
    const float v = noise[static_cast<size_t>(i)];
    tensor.codes.push_back(static_cast<uint8_t>(v * 0.999f * static_cast<float>(values->Count())));
  }
  parameter.value = std::move(tensor);
  return parameter;
}

Graph OneLayer(const Layer& layer, const ValueSet* values) {
  Graph graph;
  graph.name = layer.name;
  Shape input = layer.input;
  input.insert(input.begin(), kDynamic);
  graph.inputs = {{"x", input}};
  graph.outputs = {"y"};
  graph.parameters["w"] = RandomWeight(layer.weight, values);
  if (layer.weight.size() == 2) {
    graph.nodes = {{"gemm", "Gemm", {"x", "w"}, {"y"}, {{"transB", int64_t{1}}}}};
    return graph;
  }
  const int64_t pad = layer.weight[2] / 2;
  graph.nodes = {{"conv",
                  "Conv",
                  {"x", "w"},
                  {"y"},
                  {{"pads", std::vector<int64_t>{pad, pad, pad, pad}},
                   {"strides", std::vector<int64_t>{layer.stride, layer.stride}},
                   {"group", layer.groups}}}};
  return graph;
}

Status BenchLayer(const Layer& layer) {
  const ValueSet ternary = ValueSet::Ternary(), binary = ValueSet::Binary(), four = ValueSet::Affine(4, 8),
                 eight = ValueSet::Affine(8, 128);
  // A kernel's nine weights, or four input channels.
  const int block = layer.weight.size() == 4 && layer.weight[2] == 3 ? 9 : layer.weight[1] % 4 == 0 ? 4 : 1;
  const ValueSet codebook = ValueSet::Codebook(Noise(256 * block), block);
  std::printf("%-28s", layer.name);
  for (const ValueSet* values : {static_cast<const ValueSet*>(nullptr), &binary, &ternary, &four, &eight, &codebook}) {
    LOWBIT_TRY(Model model, Model::FromGraph(OneLayer(layer, values)));
    const int64_t outputs = model.OutputElements(0, layer.batch).value();
    const int64_t macs_per_output = Elements(layer.weight) / layer.weight[0];
    const double macs = static_cast<double>(outputs * macs_per_output);
    std::printf("  %s %6.1f", values == nullptr ? "float" : values->Name().c_str(),
                1e-9 * macs / SecondsForBatch(&model, layer.batch));
  }
  std::printf("\n");
  return Ok();
}

Status BenchLayers() {
  std::printf("GMAC/s, one thread, reordering to and from NCHW included\n");
  const Layer layers[] = {
      {"conv3x3 16@32x32", {16, 32, 32}, {16, 16, 3, 3}, 1, 1, 8},
      {"conv3x3 32@16x16", {32, 16, 16}, {32, 32, 3, 3}, 1, 1, 8},
      {"conv3x3 64@8x8", {64, 8, 8}, {64, 64, 3, 3}, 1, 1, 8},
      {"conv3x3 64@56x56", {64, 56, 56}, {64, 64, 3, 3}},
      {"conv3x3 128@28x28", {128, 28, 28}, {128, 128, 3, 3}},
      {"conv3x3 512@7x7", {512, 7, 7}, {512, 512, 3, 3}},
      {"conv1x1 256@14x14", {256, 14, 14}, {256, 256, 1, 1}},
      {"conv3x3 1->32@28x28", {1, 28, 28}, {32, 1, 3, 3}, 1, 1, 8},
      {"conv3x3 3->64@32x32", {3, 32, 32}, {64, 3, 3, 3}, 1, 1, 8},
      {"conv7x7 s2 3->64@224x224", {3, 224, 224}, {64, 3, 7, 7}, 2},
      {"conv3x3 s2 64->128@32x32", {64, 32, 32}, {128, 64, 3, 3}, 2, 1, 8},
      {"depthwise3x3 256@28x28", {256, 28, 28}, {256, 1, 3, 3}, 1, 256, 1},
      {"gemm 1x4096x1024", {4096}, {1024, 4096}, 1, 1, 1},
      {"gemm 60x1024x512", {1024}, {512, 1024}, 1, 1, 60},
  };
  for (const Layer& layer : layers) LOWBIT_RETURN_IF_ERROR(BenchLayer(layer));
  return Ok();
}

// An LSTM of as many inputs as units, one sequence. `defined`: weights that are no parameters, so that the definition runs it.
Graph OneLstm(int64_t hidden, int64_t steps, const ValueSet* values, bool integers, bool defined) {
  Graph graph;
  graph.name = "lstm";
  graph.inputs = {{"x", {steps, 1, hidden}}};
  graph.outputs = {"y"};
  const Shape shape = {1, 4 * hidden, hidden};
  graph.parameters["w"] = graph.parameters["r"] = RandomWeight(shape, values);
  Node lstm = {"lstm", "LSTM", {"x", "w", "r"}, {"y"}, {}};
  if (defined) {
    graph.nodes.push_back({"hidden", "Identity", {"r"}, {"r_"}, {}});
    lstm.inputs[2] = "r_";
  }
  if (integers) {
    graph.parameters["s"].value = FloatTensor({}, {1.0f / 127});
    graph.parameters["z"].value = FloatTensor({}, {0});
    graph.parameters["b"].value = FloatTensor({}, {8});
    graph.nodes.push_back({"quant", "Quant", {"x", "s", "z", "b"}, {"q"}, {}});
    lstm.inputs[0] = "q";
    lstm.attributes["hidden_bits"] = int64_t{8};
  }
  graph.nodes.push_back(std::move(lstm));
  return graph;
}

Status BenchLstm(const char* name, int64_t hidden, const ValueSet* values, bool integers, bool defined) {
  const int64_t steps = 64;
  LOWBIT_TRY(Model model, Model::FromGraph(OneLstm(hidden, steps, values, integers, defined)));
  const std::vector<float> input = Noise(steps * hidden);
  std::vector<float> output(static_cast<size_t>(steps * hidden));
  const double seconds = BestSeconds([&] { (void)model.Run(input, steps, output).ok(); });
  std::printf("  %s %.2f", name, 1e6 * seconds / static_cast<double>(steps));
  return Ok();
}

Status BenchRecurrences() {
  std::printf("microseconds for a step of an LSTM, one sequence of 64 steps, one thread\n");
  const ValueSet ternary = ValueSet::Ternary(), four = ValueSet::Affine(4, 8), eight = ValueSet::Affine(8, 128);
  for (const int64_t hidden : {int64_t{128}, int64_t{512}}) {
    std::printf("lstm %-23d", static_cast<int>(hidden));
    LOWBIT_RETURN_IF_ERROR(BenchLstm("float", hidden, nullptr, false, false));
    LOWBIT_RETURN_IF_ERROR(BenchLstm("ternary", hidden, &ternary, false, false));
    LOWBIT_RETURN_IF_ERROR(BenchLstm("integers: ternary", hidden, &ternary, true, false));
    LOWBIT_RETURN_IF_ERROR(BenchLstm("affine4", hidden, &four, true, false));
    LOWBIT_RETURN_IF_ERROR(BenchLstm("affine8", hidden, &eight, true, false));
    LOWBIT_RETURN_IF_ERROR(BenchLstm("by the definition", hidden, nullptr, false, true));
    std::printf("\n");
  }
  return Ok();
}

int Main(int argc, char** argv) {
  Status status = argc == 1 ? BenchLayers() : Ok();
  if (argc == 1 && status.ok()) status = BenchRecurrences();
  for (int i = 1; i < argc && status.ok(); ++i) status = BenchFile(argv[i]);
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", status.error().message.c_str());
  return 1;
}

}  // namespace
}  // namespace lowbit::runtime

int main(int argc, char** argv) { return lowbit::runtime::Main(argc, argv); }
