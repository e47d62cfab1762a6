#include <filesystem>
#include <limits>
#include <set>
#include <utility>

#include "lowbit/base/error_in.h"
#include "lowbit/base/file.h"
#include "lowbit/core/validate.h"
#include "lowbit/format/onnx/constant.h"
#include "lowbit/format/onnx/graph_reader.h"
#include "lowbit/format/onnx/names.h"
#include "lowbit/format/onnx/onnx.h"
#include "lowbit/format/onnx/onnx.pb.h"
#include "lowbit/format/onnx/support.h"

namespace lowbit::onnx {
namespace {

constexpr int64_t kMinIrVersion = 3, kMaxIrVersion = 13;
constexpr int64_t kMinOpset = 1, kMaxOpset = 25;
// What protobuf can hold, and so what an ONNX file may be.
constexpr uint64_t kMaxFileBytes = std::numeric_limits<int32_t>::max();

Error InRange(const char* what, int64_t value, int64_t low, int64_t high) {
  return Invalid(std::string(what) + " is " + std::to_string(value) + "; expected " + std::to_string(low) + " to " +
                 std::to_string(high));
}

Status CheckVersions(const lowbit_onnx::Model& model) {
  if (!model.has_ir_version() || !model.has_graph()) return Invalid("is no ONNX model: it has no version or no graph");
  if (model.ir_version() < kMinIrVersion || model.ir_version() > kMaxIrVersion) {
    return InRange("its IR version", model.ir_version(), kMinIrVersion, kMaxIrVersion);
  }
  return Ok();
}

Result<int64_t> OpsetOf(const lowbit_onnx::Model& model) {
  for (const lowbit_onnx::OperatorSet& opset : model.opset_import()) {
    if (!IsOnnxDomain(opset.domain())) continue;
    if (opset.version() >= kMinOpset && opset.version() <= kMaxOpset) return opset.version();
    return InRange("its opset", opset.version(), kMinOpset, kMaxOpset);
  }
  return Invalid("does not say which opset of ONNX it uses");
}

Result<lowbit_onnx::Model> Parse(Span<const uint8_t> bytes) {
  if (bytes.size() > kMaxFileBytes) {
    return Invalid("is larger than 2 GiB, which no ONNX file may be; expected weights beside it");
  }
  lowbit_onnx::Model model;
  if (bytes.empty() || !model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Invalid("is no ONNX file, or damaged: its bytes are no protobuf message");
  }
  LOWBIT_RETURN_IF_ERROR(CheckVersions(model));
  return model;
}

// What Write keeps of a Graph's metadata.
void ReadMetadata(const lowbit_onnx::Model& model, Graph* graph) {
  const std::string prefix = kMetadataPrefix;
  for (const lowbit_onnx::Entry& entry : model.metadata_props()) {
    if (entry.key().rfind(prefix, 0) == 0) graph->metadata[entry.key().substr(prefix.size())] = entry.value();
  }
}

Result<Graph> DecodeAll(Span<const uint8_t> bytes, const std::string& folder, const ReadOptions& options) {
  LOWBIT_TRY(const lowbit_onnx::Model model, Parse(bytes));
  LOWBIT_TRY(const int64_t opset, OpsetOf(model));
  LOWBIT_TRY(Graph graph, ReadGraph(model.graph(), opset, folder, options));
  ReadMetadata(model, &graph);
  LOWBIT_RETURN_IF_ERROR(Validate(graph));
  return graph;
}

}  // namespace

Result<Graph> Decode(Span<const uint8_t> bytes, const std::string& name, const std::string& folder,
                     const ReadOptions& options) {
  Result<Graph> graph = DecodeAll(bytes, folder, options);
  if (!graph.ok()) return ErrorIn(name, graph.error());
  return graph;
}

Result<Graph> Read(const std::string& path, const ReadOptions& options) {
  LOWBIT_TRY(const MappedFile file, MappedFile::Open(path, kMaxFileBytes));
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return Decode(Span<const uint8_t>(file.data(), file.size()), path, folder.empty() ? "." : folder, options);
}

Result<Summary> Summarize(const std::string& path) {
  LOWBIT_TRY(const MappedFile file, MappedFile::Open(path, kMaxFileBytes));
  const Result<lowbit_onnx::Model> model = Parse(Span<const uint8_t>(file.data(), file.size()));
  if (!model.ok()) return Invalid(path + ": " + model.error().message);
  const lowbit_onnx::Graph& graph = model.value().graph();
  std::set<std::string> initializers;
  for (const lowbit_onnx::Tensor& tensor : graph.initializer()) initializers.insert(tensor.name());
  Summary summary;
  for (const lowbit_onnx::ValueInfo& input : graph.input()) {
    if (initializers.count(input.name()) == 0) summary.inputs.push_back(input.name());
  }
  for (const lowbit_onnx::Node& node : graph.node()) summary.operators.push_back(node.op_type());
  return summary;
}

Result<DoubleTensor> ReadTensor(const std::string& path) {
  LOWBIT_TRY(const MappedFile file, MappedFile::Open(path, kMaxFileBytes));
  lowbit_onnx::Tensor tensor;
  if (!tensor.ParseFromArray(file.data(), static_cast<int>(file.size()))) {
    return Invalid(path + ": is no tensor: its bytes are no protobuf message");
  }
  const Result<ConstantPtr> constant = ReadConstant(tensor, "");
  if (!constant.ok()) return Invalid(path + ": " + constant.error().message);
  return Widen(*constant.value());
}

}  // namespace lowbit::onnx
