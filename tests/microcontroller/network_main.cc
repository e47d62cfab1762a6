// Writes what the emulator's program is made of: a network as C, images, and the runtime's outputs for them.
//
//   lowbit_microcontroller_network random SEED FOLDER      a network of random layers
//   lowbit_microcontroller_network file NET.lbm FOLDER     a packed network
//
// writes net.c, net.h and samples.h. Pixels are bytes, outputs the bits of floats.

#include <fmt/format.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "lowbit/base/file.h"
#include "lowbit/base/random.h"
#include "lowbit/format/c_source/c_source.h"
#include "lowbit/format/lbm/lbm.h"
#include "lowbit/runtime/model.h"
#include "lowbit/runtime/testing/random_integer_graph.h"

namespace lowbit {
namespace {

constexpr int kSamples = 3;

// The first one from the seed on that C can be written for.
Graph RandomNetwork(uint64_t seed) {
  while (true) {
    Graph graph = runtime::testing::RandomIntegerGraph(seed).Build();
    graph.outputs.resize(1);
    if (c_source::Generate(graph, {}).ok()) return graph;
    seed += 1000;
  }
}

std::string Rows(const std::string& head, const std::vector<std::vector<std::string>>& rows) {
  std::string text = head + " = {\n";
  for (const auto& row : rows) {
    text += "  {";
    for (const std::string& number : row) text += number + ",";
    text += "},\n";
  }
  return text + "};\n";
}

Result<std::string> Samples(const Graph& graph) {
  LOWBIT_TRY(runtime::Model model, runtime::Model::FromGraph(graph));
  LOWBIT_TRY(const int64_t output_count, model.OutputElements(0, 1));
  Shape shape = graph.inputs[0].shape;
  shape[0] = 1;
  std::vector<std::vector<std::string>> inputs(kSamples), outputs(kSamples);
  for (int i = 0; i < kSamples; ++i) {
    const CounterRandom random(static_cast<uint64_t>(i), StreamOf("microcontroller"));
    std::vector<float> pixels, answers(static_cast<size_t>(output_count));
    for (int64_t j = 0; j < Elements(shape); ++j) {
      const uint64_t pixel = random.Below(static_cast<uint64_t>(j), 256);
      pixels.push_back(static_cast<float>(pixel));
      inputs[static_cast<size_t>(i)].push_back(std::to_string(pixel));
    }
    LOWBIT_RETURN_IF_ERROR(model.Run(pixels, 1, answers));
    for (const float answer : answers) {
      uint32_t bits = 0;
      std::memcpy(&bits, &answer, sizeof bits);
      outputs[static_cast<size_t>(i)].push_back(fmt::format("{}u", bits));
    }
  }
  return fmt::format("#include <stdint.h>\n#define SAMPLES {}\n", kSamples) +
         Rows("static const uint8_t inputs[SAMPLES][NET_INPUT_SIZE]", inputs) +
         Rows("static const uint32_t outputs[SAMPLES][NET_OUTPUT_SIZE]", outputs);
}

Status Write(const std::string& kind, const std::string& which, const std::string& folder) {
  Graph graph;
  if (kind == "file") {
    LOWBIT_TRY(graph, lbm::Read(which));
  } else {
    graph = RandomNetwork(std::stoull(which));
  }
  LOWBIT_TRY(const c_source::Program program, c_source::Generate(graph, {"net", c_source::InputType::kUint8}));
  LOWBIT_TRY(const std::string samples, Samples(graph));
  LOWBIT_RETURN_IF_ERROR(MakeFolders(folder));
  LOWBIT_RETURN_IF_ERROR(WriteFileAtomic(folder + "/net.h", program.header));
  LOWBIT_RETURN_IF_ERROR(WriteFileAtomic(folder + "/net.c", program.source));
  LOWBIT_RETURN_IF_ERROR(WriteFileAtomic(folder + "/samples.h", samples));
  fmt::print("macs {}\nconstants {}\nworkspace {}\n", program.macs, program.constant_bytes, program.workspace_bytes);
  return Ok();
}

}  // namespace
}  // namespace lowbit

int main(int argc, char** argv) {
  const std::string kind = argc == 4 ? argv[1] : "";
  if (kind != "random" && kind != "file") {
    std::fprintf(stderr, "usage: %s random SEED FOLDER | file NET.lbm FOLDER\n", argv[0]);
    return 2;
  }
  const lowbit::Status done = lowbit::Write(kind, argv[2], argv[3]);
  if (!done.ok()) std::fprintf(stderr, "%s\n", done.error().message.c_str());
  return done.ok() ? 0 : 2;
}
