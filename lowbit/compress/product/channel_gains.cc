#include "lowbit/compress/product/channel_gains.h"

#include <algorithm>
#include <cmath>

namespace lowbit::compress {
namespace {

// The batch normalization that alone reads the node's output, with statistics of its own; null if there is none.
const Node* NormalizationBehind(const Node& node, const Graph& graph) {
  const Node* reader = nullptr;
  const std::string& output = node.outputs[0];
  if (std::find(graph.outputs.begin(), graph.outputs.end(), output) != graph.outputs.end()) return nullptr;
  for (const Node& other : graph.nodes) {
    if (std::find(other.inputs.begin(), other.inputs.end(), output) == other.inputs.end()) continue;
    if (reader != nullptr) return nullptr;
    reader = &other;
  }
  if (reader == nullptr || reader->op != "BatchNormalization" || reader->inputs[0] != output) return nullptr;
  for (const size_t statistic : {3, 4}) {
    const auto found = graph.parameters.find(reader->inputs[statistic]);
    if (found == graph.parameters.end() || !std::holds_alternative<FloatTensor>(found->second.value)) return nullptr;
    for (const Node& other : graph.nodes) {
      const auto& inputs = other.inputs;
      if (&other != reader && std::find(inputs.begin(), inputs.end(), found->first) != inputs.end()) return nullptr;
    }
  }
  return reader;
}

std::vector<double> Norms(const FloatTensor& rows) {
  const auto count = static_cast<size_t>(rows.shape[0]);
  std::vector<double> norms(count, 0);
  for (size_t i = 0; i < rows.data.size(); ++i) {
    norms[i / (rows.data.size() / count)] += std::pow(static_cast<double>(rows.data[i]), 2);
  }
  for (double& norm : norms) norm = std::sqrt(norm);
  return norms;
}

}  // namespace

std::vector<float> TakeGains(const std::vector<std::string>& nodes, FloatTensor* rows, Graph* graph) {
  if (nodes.size() != 1) return {};
  const auto node = std::find_if(graph->nodes.begin(), graph->nodes.end(),
                                 [&](const Node& candidate) { return candidate.name == nodes[0]; });
  if (HasInput(*node, 2)) return {};  // A bias would have to be divided too.
  const Node* normalization = NormalizationBehind(*node, *graph);
  if (normalization == nullptr) return {};
  auto& mean = std::get<FloatTensor>(graph->parameters.at(normalization->inputs[3]).value).data;
  auto& variance = std::get<FloatTensor>(graph->parameters.at(normalization->inputs[4]).value).data;
  const double epsilon = FloatAttribute(*normalization, "epsilon", 1e-5);

  const std::vector<double> norms = Norms(*rows);
  double squares = 0;
  for (const double norm : norms) squares += norm * norm;
  const double size = std::sqrt(squares / static_cast<double>(norms.size()));
  std::vector<float> gains(norms.size(), 1.0f);
  const size_t columns = rows->data.size() / norms.size();
  for (size_t row = 0; row < norms.size() && epsilon > 0; ++row) {
    const double full = static_cast<double>(variance[row]) + epsilon;
    const auto gain = static_cast<float>(std::min(norms[row] / size, std::sqrt(full / epsilon)));
    if (!(norms[row] > 0) || !std::isnormal(gain)) continue;
    gains[row] = gain;
    for (size_t i = 0; i < columns; ++i) rows->data[row * columns + i] /= gain;
    mean[row] /= gain;
    const double left = full / (static_cast<double>(gain) * static_cast<double>(gain)) - epsilon;
    variance[row] = static_cast<float>(std::max(0.0, left));
  }
  return gains;
}

}  // namespace lowbit::compress
