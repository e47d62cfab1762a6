#include "tests/conformance/conformance.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include "lowbit/core/evaluate.h"
#include "lowbit/format/onnx/onnx.h"
#include "lowbit/format/onnx/write.h"
#include "lowbit/runtime/model.h"

namespace lowbit::conformance {
namespace {

namespace fs = std::filesystem;
using Tensors = std::vector<DoubleTensor>;

// Those of ONNX's own harness: expected outputs are float32 arithmetic of NumPy.
constexpr double kRelative = 1e-3, kAbsolute = 1e-7;

bool Same(double actual, double expected) {
  if (std::isnan(expected)) return std::isnan(actual);
  if (std::isinf(expected)) return actual == expected;
  return std::abs(actual - expected) <= kAbsolute + kRelative * std::abs(expected);
}

Status Compare(const std::string& who, const Tensors& actual, const Tensors& expected) {
  for (size_t i = 0; i < expected.size(); ++i) {
    const DoubleTensor &a = actual[i], &e = expected[i];
    const std::string what = who + ": output " + std::to_string(i);
    if (a.shape != e.shape) return Failed(what + " has shape " + ToString(a.shape) + "; expected " + ToString(e.shape));
    for (size_t k = 0; k < e.data.size(); ++k) {
      if (Same(a.data[k], e.data[k])) continue;
      return Failed(what + " is " + std::to_string(a.data[k]) + " at " + std::to_string(k) + "; expected " +
                    std::to_string(e.data[k]));
    }
  }
  return Ok();
}

// input_0.pb, input_1.pb, ...
Result<Tensors> ReadTensors(const fs::path& folder, const std::string& prefix) {
  Tensors tensors;
  for (int i = 0; fs::exists(folder / (prefix + std::to_string(i) + ".pb")); ++i) {
    // A sequence or an optional value is another message, of which a tensor's reader finds nonsense.
    Result<DoubleTensor> tensor = onnx::ReadTensor((folder / (prefix + std::to_string(i) + ".pb")).string());
    if (!tensor.ok()) return Invalid("what it gives or takes is no tensor of numbers");
    tensors.push_back(std::move(tensor).value());
  }
  return tensors;
}

Result<Tensors> Reference(const Graph& graph, const std::map<std::string, DoubleTensor>& inputs) {
  LOWBIT_TRY(const auto values, Evaluate(graph, inputs));
  Tensors outputs;
  for (const std::string& name : graph.outputs) outputs.push_back(values.at(name));
  return outputs;
}

Result<Tensors> Runtime(const Graph& graph, const std::map<std::string, DoubleTensor>& inputs,
                        const Tensors& expected) {
  LOWBIT_TRY(runtime::Model model, runtime::Model::FromGraph(graph));
  int64_t batch = 1;
  std::vector<std::vector<float>> given, taken;
  std::vector<Span<const float>> reads;
  std::vector<Span<float>> writes;
  for (const GraphInput& input : graph.inputs) {
    const DoubleTensor& tensor = inputs.at(input.name);
    if (given.empty() && !tensor.shape.empty()) batch = tensor.shape[0];
    given.emplace_back(tensor.data.begin(), tensor.data.end());
  }
  for (const DoubleTensor& output : expected) taken.emplace_back(output.data.size());
  for (const std::vector<float>& values : given) reads.emplace_back(values.data(), values.size());
  for (std::vector<float>& values : taken) writes.emplace_back(values.data(), values.size());
  LOWBIT_RETURN_IF_ERROR(model.Run(reads, batch, writes));
  Tensors outputs;
  for (size_t i = 0; i < taken.size(); ++i) {
    outputs.emplace_back(expected[i].shape, std::vector<double>(taken[i].begin(), taken[i].end()));
  }
  return outputs;
}

struct Case {
  std::string model;
  std::vector<std::string> names;  // Of the inputs.
  Tensors inputs, outputs;
};

Result<Case> ReadCase(const fs::path& folder, const onnx::Summary& summary) {
  Case made;
  made.model = (folder / "model.onnx").string();
  made.names = summary.inputs;
  LOWBIT_TRY(made.inputs, ReadTensors(folder / "test_data_set_0", "input_"));
  LOWBIT_TRY(made.outputs, ReadTensors(folder / "test_data_set_0", "output_"));
  if (made.inputs.size() != made.names.size()) return Invalid("its inputs are not all tensors of numbers");
  return made;
}

// The network with inputs [first_fixed, ...) known beforehand; for any batch, where the file says so and it can be.
Result<Graph> Import(const Case& made, size_t first_fixed) {
  onnx::ReadOptions options;
  for (size_t i = first_fixed; i < made.names.size(); ++i) options.constants[made.names[i]] = made.inputs[i];
  Result<Graph> open = onnx::Read(made.model, options);
  if (open.ok()) return open;
  for (size_t i = 0; i < made.names.size(); ++i) options.shapes[made.names[i]] = made.inputs[i].shape;
  return onnx::Read(made.model, options);
}

// With as many inputs left open as can be.
Result<Graph> ImportMostOpen(const Case& made, bool* fixed) {
  Result<Graph> graph = Import(made, made.names.size());
  const Result<Graph> first = graph;
  for (size_t open = made.names.size(); !graph.ok() && open > 0;) {
    graph = Import(made, --open);
    *fixed = true;
  }
  return graph.ok() ? graph : first;
}

// What no choice of inputs changes: operators and types that are not read.
Status CheckReadable(const std::string& model) {
  const Result<Graph> graph = onnx::Read(model);
  const std::string message = graph.ok() ? "" : graph.error().message;
  for (const char* rule : {"not supported", "is no tensor of numbers"}) {
    if (message.find(rule) != std::string::npos) return graph.error();
  }
  return Ok();
}

// The network written as an ONNX file and read again gives the same numbers, to the last bit.
Status CheckWriter(const Graph& graph, const std::map<std::string, DoubleTensor>& inputs, const Tensors& expected) {
  LOWBIT_TRY(const std::string bytes, onnx::Encode(graph, onnx::Flavor::kFloat));
  const Span<const uint8_t> file(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  LOWBIT_TRY(const Graph again, onnx::Decode(file, "written", ""));
  LOWBIT_TRY(const Tensors outputs, Reference(again, inputs));
  for (size_t i = 0; i < expected.size(); ++i) {
    const auto same = [](double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); };
    const std::vector<double>&a = outputs[i].data, &e = expected[i].data;
    if (outputs[i].shape == expected[i].shape && std::equal(a.begin(), a.end(), e.begin(), e.end(), same)) continue;
    return Failed("written and read again: output " + std::to_string(i) + " differs");
  }
  return Ok();
}

Status CheckTraining(const Graph& graph, const std::map<std::string, DoubleTensor>& inputs, const Tensors& expected) {
  const Executor train = TrainingExecutor();
  if (train == nullptr) return Ok();
  LOWBIT_TRY(const Tensors outputs, train(graph, inputs));
  return Compare("libtorch", outputs, expected);
}

Status RunCase(const fs::path& folder, const onnx::Summary& summary, Outcome* outcome) {
  LOWBIT_RETURN_IF_ERROR(CheckReadable((folder / "model.onnx").string()));
  LOWBIT_TRY(const Case made, ReadCase(folder, summary));
  LOWBIT_TRY(const Graph graph, ImportMostOpen(made, &outcome->inputs_fixed));
  outcome->verdict = Verdict::kWrong;
  std::map<std::string, DoubleTensor> inputs;
  for (size_t i = 0; i < made.names.size(); ++i) inputs[made.names[i]] = made.inputs[i];
  LOWBIT_TRY(const Tensors reference, Reference(graph, inputs));
  LOWBIT_RETURN_IF_ERROR(Compare("reference", reference, made.outputs));
  LOWBIT_TRY(const Tensors computed, Runtime(graph, inputs, made.outputs));
  LOWBIT_RETURN_IF_ERROR(Compare("runtime", computed, made.outputs));
  LOWBIT_RETURN_IF_ERROR(CheckWriter(graph, inputs, reference));
  outcome->verdict = Verdict::kPass;
  if (const Status trained = CheckTraining(graph, inputs, made.outputs); !trained.ok()) {
    outcome->training = trained.error().message;
  }
  return Ok();
}

std::string OperatorsOf(const onnx::Summary& summary) {
  const std::set<std::string> distinct(summary.operators.begin(), summary.operators.end());
  return distinct.size() == 1 ? *distinct.begin() : "several";
}

// Without the path that begins it.
std::string Shorten(const std::string& message, const std::string& path) {
  const std::string prefix = path + ": ";
  return message.compare(0, prefix.size(), prefix) == 0 ? message.substr(prefix.size()) : message;
}

Outcome RunTest(const fs::path& folder) {
  Outcome outcome;
  outcome.test = (folder.parent_path().filename() / folder.filename()).string();
  const std::string model = (folder / "model.onnx").string();
  const Result<onnx::Summary> summary = onnx::Summarize(model);
  if (!summary.ok()) {
    outcome.operators = "?";
    outcome.why = Shorten(summary.error().message, model);
    return outcome;
  }
  outcome.operators = OperatorsOf(summary.value());
  const Status status = RunCase(folder, summary.value(), &outcome);
  if (!status.ok()) outcome.why = Shorten(status.error().message, model);
  return outcome;
}

}  // namespace

std::vector<Outcome> RunAll(const std::string& folder) {
  std::vector<fs::path> tests;
  if (fs::exists(folder)) {
    for (const fs::directory_entry& set : fs::directory_iterator(folder)) {
      for (const fs::directory_entry& test : fs::directory_iterator(set.path())) {
        if (fs::exists(test.path() / "model.onnx")) tests.push_back(test.path());
      }
    }
  }
  std::sort(tests.begin(), tests.end());
  std::vector<Outcome> outcomes;
  for (const fs::path& test : tests) outcomes.push_back(RunTest(test));
  return outcomes;
}

}  // namespace lowbit::conformance
