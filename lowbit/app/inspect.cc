#include "lowbit/app/inspect.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lowbit/app/text.h"
#include "lowbit/core/cost.h"
#include "lowbit/format/lbm/lbm.h"

namespace lowbit::app {
namespace {

bool IsLowBit(const Parameter& parameter) { return std::holds_alternative<QTensor>(parameter.value); }

const Node* FirstUser(const Graph& graph, const std::string& parameter) {
  for (const Node& node : graph.nodes) {
    if (std::count(node.inputs.begin(), node.inputs.end(), parameter) > 0) return &node;
  }
  return nullptr;
}

std::map<std::string, int64_t> MacsByNode(const std::vector<NodeCost>& costs) {
  std::map<std::string, int64_t> macs;
  for (const NodeCost& cost : costs) macs[cost.node] = cost.macs;
  return macs;
}

constexpr size_t kMostNames = 20, kFirstNames = 5;

// A list of names, the first few of many.
std::string NamesText(const std::string& value) {
  std::vector<std::string> names = SplitLines(value);
  const size_t count = names.size();
  if (count <= kMostNames) return fmt::format("{}", fmt::join(names, ", "));
  names.resize(kFirstNames);
  return fmt::format("{}: {}, ... (all of them: --json)", Grouped(static_cast<int64_t>(count)), fmt::join(names, ", "));
}

// "[64,3,7,7]": a column of the table is one word, for programs that split it.
std::string ShapeText(const Shape& shape) { return fmt::format("[{}]", fmt::join(shape, ",")); }

InspectedLayer Describe(const Graph& graph, const lbm::StoredParameter& stored,
                        const std::map<std::string, int64_t>& macs) {
  InspectedLayer layer;
  layer.name = stored.name;
  layer.shape = stored.shape;
  layer.values = stored.values;
  layer.encoding = stored.encoding;
  layer.elements = Elements(stored.shape);
  layer.scale_bytes = static_cast<int64_t>(stored.scale_bytes);
  layer.table_bytes = static_cast<int64_t>(stored.table_bytes);
  layer.bytes = static_cast<int64_t>(stored.bytes) - layer.scale_bytes - layer.table_bytes;
  layer.bits = layer.elements > 0 ? 8.0 * static_cast<double>(layer.bytes) / static_cast<double>(layer.elements) : 0;
  const Node* node = FirstUser(graph, stored.name);
  if (node == nullptr) return layer;
  layer.node = node->name;
  const bool is_weight = node->inputs.size() > 1 && node->inputs[1] == stored.name;
  if (is_weight && macs.count(node->name) > 0) layer.macs = macs.at(node->name);
  return layer;
}

}  // namespace

double Inspection::compression() const {
  return file_bytes > 0 ? static_cast<double>(float_bytes) / static_cast<double>(file_bytes) : 0;
}

double Inspection::bits_per_lowbit_weight() const {
  return lowbit_elements > 0 ? 8.0 * static_cast<double>(lowbit_bytes) / static_cast<double>(lowbit_elements) : 0;
}

double Inspection::bits_per_weight() const { return lowbit_elements > 0 ? bits_per_lowbit_weight() : 32; }

Result<Inspection> Inspect(const std::string& path) {
  LOWBIT_TRY(const lbm::File file, lbm::Open(path));
  const Graph& graph = file.graph();
  LOWBIT_TRY(const std::vector<NodeCost> costs, Costs(graph));
  const std::map<std::string, int64_t> macs = MacsByNode(costs);

  Inspection result;
  result.path = path;
  result.network = graph.name;
  result.metadata = graph.metadata;
  result.file_bytes = static_cast<int64_t>(file.TotalBytes());
  result.other_bytes = static_cast<int64_t>(file.OverheadBytes());
  for (const lbm::StoredParameter& stored : file.Layout()) {
    InspectedLayer layer = Describe(graph, stored, macs);
    result.float_bytes += 4 * layer.elements;
    if (IsLowBit(graph.parameters.at(stored.name))) {
      result.lowbit_elements += layer.elements;
      result.lowbit_bytes += layer.bytes;
    }
    result.layers.push_back(std::move(layer));
  }
  for (const auto& [node, count] : macs) result.macs += count;
  return result;
}

std::string ToText(const Inspection& inspection) {
  std::string text = fmt::format("{}: {}\n", inspection.path, inspection.network);
  for (const auto& [key, value] : inspection.metadata) {
    text += fmt::format("{}: {}\n", key, NamesText(value));
  }
  std::vector<std::vector<std::string>> rows = {{"parameter", "shape", "values", "bits", "bytes", "scales", "MACs"}};
  for (const InspectedLayer& layer : inspection.layers) {
    rows.push_back({layer.name, ShapeText(layer.shape), layer.values, fmt::format("{:.2f}", layer.bits),
                    Grouped(layer.bytes), Grouped(layer.scale_bytes + layer.table_bytes), Grouped(layer.macs)});
  }
  text += "\n" + TextTable(rows) + "\n";
  text += fmt::format("low-bit weights  {} at {:.3f} bits\n", Grouped(inspection.lowbit_elements),
                      inspection.bits_per_lowbit_weight());
  text += fmt::format("file             {} bytes, {} of them structure and text\n", Grouped(inspection.file_bytes),
                      Grouped(inspection.other_bytes));
  text += fmt::format("as float         {} bytes: {:.1f} times larger\n", Grouped(inspection.float_bytes),
                      inspection.compression());
  text += fmt::format("MACs per image   {}\n", Grouped(inspection.macs));
  return text;
}

std::string ToJson(const Inspection& inspection) {
  nlohmann::ordered_json layers = nlohmann::ordered_json::array();
  for (const InspectedLayer& layer : inspection.layers) {
    layers.push_back({{"name", layer.name},
                      {"node", layer.node},
                      {"shape", layer.shape},
                      {"values", layer.values},
                      {"encoding", layer.encoding},
                      {"bits", layer.bits},
                      {"bytes", layer.bytes},
                      {"scale_bytes", layer.scale_bytes},
                      {"table_bytes", layer.table_bytes},
                      {"macs", layer.macs}});
  }
  const nlohmann::ordered_json json = {{"path", inspection.path},
                                       {"network", inspection.network},
                                       {"metadata", inspection.metadata},
                                       {"layers", layers},
                                       {"file_bytes", inspection.file_bytes},
                                       {"other_bytes", inspection.other_bytes},
                                       {"float_bytes", inspection.float_bytes},
                                       {"lowbit_weights", inspection.lowbit_elements},
                                       {"lowbit_bytes", inspection.lowbit_bytes},
                                       {"bits_per_lowbit_weight", inspection.bits_per_lowbit_weight()},
                                       {"compression", inspection.compression()},
                                       {"macs", inspection.macs}};
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace lowbit::app
