#include "lowbit/app/accelerate_file.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "lowbit/accelerator/execute.h"
#include "lowbit/accelerator/memory_images.h"
#include "lowbit/app/text.h"
#include "lowbit/base/error_in.h"
#include "lowbit/base/file.h"
#include "lowbit/base/random.h"
#include "lowbit/format/lbm/lbm.h"

namespace lowbit::app {
namespace {

using accelerator::Array;
using accelerator::Coding;
using accelerator::Layer;
using accelerator::Program;

struct Totals {
  int64_t macs = 0, cycles = 0;
  int64_t weight_bits = 0, threshold_bits = 0, activation_bits = 0;
  double milliseconds = 0;
  double gops = 0,
         peak_gops =
             0;  // Two operations a multiplication; of layers as they are, and with all lanes in use in each cycle.
};

Totals TotalsOf(const AcceleratedFile& file) {
  const Program& program = file.compiled.program;
  const Array& array = program.array;
  Totals totals;
  for (const auto& source : file.compiled.sources) totals.macs += source.macs;
  totals.cycles = CyclesOf(program);
  totals.weight_bits = static_cast<int64_t>(program.weights.size()) * array.weight.bits();
  totals.threshold_bits = static_cast<int64_t>(program.thresholds.size()) * array.sum_bits;
  totals.activation_bits = program.activation_words * array.lanes * array.activation.bits();
  const double seconds = static_cast<double>(totals.cycles) / (1e6 * file.megahertz);
  totals.milliseconds = 1e3 * seconds;
  totals.gops = 2e-9 * static_cast<double>(totals.macs) / seconds;
  totals.peak_gops = 2e-3 * array.lanes * array.lanes * file.megahertz;
  return totals;
}

// "4 bits (e = 2, k = 1)"
std::string Text(const Coding& coding) {
  return fmt::format("{} bits, {} (e = {}, k = {})", coding.bits(), coding.is_signed ? "signed" : "unsigned",
                     coding.exponent_bits, coding.fraction_bits);
}

// Multiplications that the network needs, of those that the lanes could do in the cycles.
double Use(const Array& array, int64_t macs, int64_t cycles) {
  return static_cast<double>(macs) / (static_cast<double>(cycles) * array.lanes * array.lanes);
}

std::string LayerTable(const AcceleratedFile& file) {
  const Program& program = file.compiled.program;
  std::vector<std::vector<std::string>> rows = {{"layer", "operator", "output", "MACs", "cycles", "lanes in use"}};
  for (size_t i = 0; i < program.layers.size(); ++i) {
    const Layer& layer = program.layers[i];
    const auto& source = file.compiled.sources[i];
    const int64_t cycles = CyclesOf(program.array, layer);
    const bool product = layer.kind == Layer::Kind::kProduct;
    rows.push_back({source.node, source.op + (layer.skip.used ? ", sum" : ""),
                    fmt::format("{} groups, {} x {}", layer.out_groups, layer.out_height, layer.out_width),
                    product ? Grouped(source.macs) : "-", Grouped(cycles),
                    product ? fmt::format("{:.1f} %", 100 * Use(program.array, source.macs, cycles)) : "-"});
  }
  return TextTable(rows);
}

Status CheckImages(const Graph& graph, int64_t images, AcceleratedFile* file) {
  if (images > 0 && graph.inputs.size() != 1) return Invalid("--check: the network has more than one input");
  for (int64_t i = 0; i < images; ++i) {
    Shape shape = graph.inputs[0].shape;
    shape[0] = 1;
    DoubleTensor image(shape);
    const CounterRandom random(static_cast<uint64_t>(i), StreamOf("accelerator check"));
    for (size_t j = 0; j < image.data.size(); ++j) image.data[j] = static_cast<double>(random.Below(j, 256));
    LOWBIT_TRY(const accelerator::Comparison one, CompareStretch(graph, file->compiled, image));
    file->comparison.elements += one.elements;
    file->comparison.different += one.different;
    ++file->checked;
  }
  if (file->comparison.different == 0) return Ok();
  return Failed(
      fmt::format("{} of {} numbers differ from the network's", file->comparison.different, file->comparison.elements));
}

Status WriteImages(const Program& program, const std::string& folder, AcceleratedFile* file) {
  LOWBIT_RETURN_IF_ERROR(MakeFolders(folder));
  const accelerator::MemoryImages images = ImagesOf(program);
  const std::pair<const char*, const std::string*> files[] = {{"parameters.vh", &images.parameters},
                                                              {"descriptors.hex", &images.descriptors},
                                                              {"weights.hex", &images.weights},
                                                              {"thresholds.hex", &images.thresholds}};
  for (const auto& [name, text] : files) {
    file->written.push_back(folder + "/" + name);
    LOWBIT_RETURN_IF_ERROR(WriteFileAtomic(file->written.back(), *text));
  }
  return Ok();
}

}  // namespace

Result<AcceleratedFile> AccelerateFile(const AccelerateRequest& request) {
  if (!(request.megahertz > 0 && request.megahertz <= 1e5)) {
    return Invalid("--clock takes megahertz above 0, at most 100000");
  }
  if (request.check < 0) return Invalid("--check takes a number of images, 0 or more");
  LOWBIT_TRY(const Graph graph, lbm::Read(request.file));
  AcceleratedFile file;
  file.path = request.file;
  file.megahertz = request.megahertz;
  Result<accelerator::Compiled> compiled = Compile(graph, request.options);
  if (!compiled.ok()) return ErrorIn(request.file, compiled.error());
  file.compiled = std::move(compiled.value());
  const Status checked = CheckImages(graph, request.check, &file);
  if (!checked.ok()) return ErrorIn(request.file, checked.error());
  if (!request.out.empty()) LOWBIT_RETURN_IF_ERROR(WriteImages(file.compiled.program, request.out, &file));
  return file;
}

std::string ToText(const AcceleratedFile& file) {
  const Array& array = file.compiled.program.array;
  const Totals totals = TotalsOf(file);
  std::string text = LayerTable(file);
  text += fmt::format("\nweights      {}; {} bits\n", Text(array.weight), Grouped(totals.weight_bits));
  text += fmt::format("activations  {}; {} bits\n", Text(array.activation), Grouped(totals.activation_bits));
  text += fmt::format("thresholds   {} bits each; {} bits\n", array.sum_bits, Grouped(totals.threshold_bits));
  text += fmt::format("{0} x {0} lanes at {1:g} MHz: {2} cycles, {3:.3f} ms an image, {4:.2f} of {5:.2f} GOPS\n",
                      array.lanes, file.megahertz, Grouped(totals.cycles), totals.milliseconds, totals.gops,
                      totals.peak_gops);
  text += fmt::format("from {} to {}{}; left to the host: {} nodes before, {} behind\n", file.compiled.input.value,
                      file.compiled.output.value, file.compiled.raw ? " (sums)" : "", file.compiled.before.size(),
                      file.compiled.behind.size());
  if (file.checked > 0) {
    text += fmt::format("checked on {} image{} of random pixels: {} of {} numbers are the network's\n", file.checked,
                        file.checked == 1 ? "" : "s", Grouped(file.comparison.elements - file.comparison.different),
                        Grouped(file.comparison.elements));
  }
  for (const std::string& path : file.written) text += path + "\n";
  return text;
}

namespace {

nlohmann::ordered_json Json(const Coding& coding) {
  return {{"bits", coding.bits()},
          {"exponent_bits", coding.exponent_bits},
          {"fraction_bits", coding.fraction_bits},
          {"signed", coding.is_signed}};
}

}  // namespace

std::string ToJson(const AcceleratedFile& file) {
  const accelerator::Compiled& compiled = file.compiled;
  const Program& program = compiled.program;
  const Totals totals = TotalsOf(file);
  nlohmann::ordered_json layers = nlohmann::ordered_json::array();
  for (size_t i = 0; i < program.layers.size(); ++i) {
    layers.push_back({{"node", compiled.sources[i].node},
                      {"operator", compiled.sources[i].op},
                      {"sum", program.layers[i].skip.used},
                      {"macs", compiled.sources[i].macs},
                      {"cycles", CyclesOf(program.array, program.layers[i])}});
  }
  const nlohmann::ordered_json json = {{"path", file.path},
                                       {"lanes", program.array.lanes},
                                       {"from", compiled.input.value},
                                       {"to", compiled.output.value},
                                       {"sums", compiled.raw},
                                       {"weights", Json(program.array.weight)},
                                       {"activations", Json(program.array.activation)},
                                       {"sum_bits", program.array.sum_bits},
                                       {"weight_memory_bits", totals.weight_bits},
                                       {"activation_memory_bits", totals.activation_bits},
                                       {"threshold_memory_bits", totals.threshold_bits},
                                       {"macs", totals.macs},
                                       {"cycles", totals.cycles},
                                       {"megahertz", file.megahertz},
                                       {"milliseconds", totals.milliseconds},
                                       {"gops", totals.gops},
                                       {"peak_gops", totals.peak_gops},
                                       {"checked_images", file.checked},
                                       {"written", file.written},
                                       {"layers", layers},
                                       {"before", compiled.before},
                                       {"behind", compiled.behind}};
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace lowbit::app
