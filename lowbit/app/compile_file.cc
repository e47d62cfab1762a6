#include "lowbit/app/compile_file.h"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "lowbit/app/output_file.h"
#include "lowbit/app/text.h"
#include "lowbit/base/error_in.h"
#include "lowbit/base/file.h"
#include "lowbit/base/suggest.h"
#include "lowbit/format/lbm/lbm.h"

namespace lowbit::app {
namespace {

Result<c_source::InputType> ParseInput(const std::string& name) {
  if (name == "float") return c_source::InputType::kFloat;
  if (name == "uint8") return c_source::InputType::kUint8;
  return Invalid("--input: " + UnknownName("type", name, {"float", "uint8"}));
}

// "conv1, conv1/mul, conv1/add, relu1/quant" as "conv1 ... relu1/quant"
std::string Names(const std::vector<std::string>& nodes) {
  if (nodes.size() <= 2) return nodes.empty() ? "" : nodes.size() == 1 ? nodes[0] : nodes[0] + ", " + nodes[1];
  return nodes.front() + " ... " + nodes.back();
}

}  // namespace

Result<CompiledFile> CompileFile(const CompileRequest& request) {
  const std::filesystem::path out(request.out);
  if (out.extension() != ".c") return Invalid("--out: '" + request.out + "' does not end in .c");
  CompiledFile file;
  file.source_path = request.out;
  file.header_path = std::filesystem::path(out).replace_extension(".h").string();
  LOWBIT_RETURN_IF_ERROR(CheckOutput(file.source_path, {request.file}, ".c"));
  LOWBIT_RETURN_IF_ERROR(CheckOutput(file.header_path, {request.file}, ".h"));
  c_source::Options options;
  options.name = out.stem().string();
  if (const Status named = c_source::CheckName(options.name); !named.ok()) return ErrorIn("--out", named.error());
  LOWBIT_TRY(options.input, ParseInput(request.input));
  LOWBIT_TRY(const Graph graph, lbm::Read(request.file));
  Result<c_source::Program> program = c_source::Generate(graph, options);
  if (!program.ok()) return ErrorIn(request.file, program.error());
  file.program = std::move(program.value());
  LOWBIT_RETURN_IF_ERROR(WriteFileAtomic(file.header_path, file.program.header));
  LOWBIT_RETURN_IF_ERROR(WriteFileAtomic(file.source_path, file.program.source));
  return file;
}

std::string ToText(const CompiledFile& file) {
  std::vector<std::vector<std::string>> rows = {{"step", "value", "type", "MACs", "weight bytes"}};
  for (const c_source::StepReport& step : file.program.steps) {
    rows.push_back({Names(step.nodes), step.shape, step.type, step.macs == 0 ? "-" : Grouped(step.macs),
                    step.weight_bytes == 0 ? "-" : Grouped(step.weight_bytes)});
  }
  std::string text = TextTable(rows);
  text += fmt::format("\n{} multiply-accumulates; {} bytes of constants beside the code, {} bytes of workspace\n",
                      Grouped(file.program.macs), Grouped(file.program.constant_bytes),
                      Grouped(file.program.workspace_bytes));
  return text + file.source_path + "\n" + file.header_path + "\n";
}

std::string ToJson(const CompiledFile& file) {
  nlohmann::ordered_json steps = nlohmann::ordered_json::array();
  for (const c_source::StepReport& step : file.program.steps) {
    steps.push_back({{"value", step.value},
                     {"nodes", step.nodes},
                     {"shape", step.shape},
                     {"type", step.type},
                     {"macs", step.macs},
                     {"weight_bytes", step.weight_bytes}});
  }
  const nlohmann::ordered_json json = {{"source", file.source_path},
                                       {"header", file.header_path},
                                       {"macs", file.program.macs},
                                       {"constant_bytes", file.program.constant_bytes},
                                       {"workspace_bytes", file.program.workspace_bytes},
                                       {"steps", steps}};
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace lowbit::app
