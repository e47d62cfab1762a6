#include "lowbit/format/onnx/write_trunc.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "lowbit/core/uniform_grid.h"
#include "lowbit/format/onnx/names.h"

namespace lowbit::onnx {
namespace {

std::optional<double> Scalar(const Graph& graph, const std::string& name) {
  const auto parameter = graph.parameters.find(name);
  const auto* floats =
      parameter == graph.parameters.end() ? nullptr : std::get_if<FloatTensor>(&parameter->second.value);
  if (floats == nullptr || floats->data.size() != 1) return std::nullopt;
  return floats->data[0];
}

// The node `op` of a value and a constant whose result only one node reads.
struct Step {
  const Node* node = nullptr;
  double constant = 0;
};

std::optional<Step> StepBefore(const Graph& graph, const std::string& value, const char* op) {
  Step step;
  for (const Node& node : graph.nodes) {
    if (node.op == op && node.outputs[0] == value) step.node = &node;
  }
  if (step.node == nullptr || CountReaders(graph, value) != 1) return std::nullopt;
  const std::optional<double> constant = Scalar(graph, step.node->inputs[1]);
  if (!constant.has_value()) return std::nullopt;
  step.constant = *constant;
  return step;
}

float Rounded(double x) { return static_cast<float>(x); }

// What goes in, if the constants are those that the reader computes of it (rules_qonnx.cc): the factor f = 2^k by which
// integers shrink is in the Sub, s (f - 1) / (2 f) for the result's scale s; the Mul is s / f / scale.
std::optional<Truncation> Match(double unit, double middle, double out_scale) {
  if (!(out_scale > 0) || !(middle > 0) || !(unit > 0)) return std::nullopt;
  const double factor = std::exp2(std::nearbyint(std::log2(1 / (1 - 2 * middle / out_scale))));
  if (!std::isfinite(factor) || factor < 2 || factor > std::exp2(kMaxGridBits)) return std::nullopt;
  if (Rounded(out_scale * (factor - 1) / (2 * factor)) != Rounded(middle)) return std::nullopt;
  Truncation found;
  found.out_scale = out_scale;
  found.bits = std::log2(factor);  // More than the result has.
  if (unit == 1 / factor) {
    found.version = 1;
    found.scale = out_scale;
    return found;
  }
  found.scale = Rounded(out_scale / factor / unit);
  const bool same_unit = Rounded(out_scale / factor / found.scale) == Rounded(unit);
  const bool same_factor = std::exp2(std::nearbyint(std::log2(out_scale / found.scale))) == factor;
  if (!same_unit || !same_factor) return std::nullopt;
  return found;
}

std::optional<std::pair<Truncation, std::vector<std::string>>> MatchNode(const Graph& graph, const Node& quant) {
  const std::optional<double> scale = Scalar(graph, quant.inputs[1]), zero = Scalar(graph, quant.inputs[2]),
                              bits = Scalar(graph, quant.inputs[3]);
  if (!scale.has_value() || zero != 0.0 || !bits.has_value() || IntAttribute(quant, "narrow", 0) != 0) {
    return std::nullopt;
  }
  const std::optional<Step> sub = StepBefore(graph, quant.inputs[0], "Sub");
  const std::optional<Step> mul = sub.has_value() ? StepBefore(graph, sub->node->inputs[0], "Mul") : std::nullopt;
  if (!mul.has_value()) return std::nullopt;
  std::optional<Truncation> found = Match(mul->constant, sub->constant, *scale);
  if (!found.has_value()) return std::nullopt;
  found->input = mul->node->inputs[0];
  found->is_signed = IntAttribute(quant, "signed", 1) != 0;
  // The first version says no sign: the reader's grid has one, and a bit for it.
  if (found->version == 1 && !found->is_signed) return std::nullopt;
  found->out_bits = found->version == 1 ? *bits - 1 : *bits;
  found->bits += found->out_bits;
  if (found->out_bits < 1 || found->out_bits >= kMaxGridBits) return std::nullopt;
  return std::make_pair(*found, std::vector<std::string>{sub->node->name, mul->node->name});
}

}  // namespace

Truncations FindTruncations(const Graph& graph) {
  std::map<std::string, std::pair<Truncation, std::vector<std::string>>> all;
  int64_t version = 1;
  for (const Node& node : graph.nodes) {
    if (node.op != "Quant") continue;
    if (auto found = MatchNode(graph, node); found.has_value()) {
      version = std::max(version, found->first.version);
      all[node.name] = std::move(*found);
    }
  }
  Truncations chosen;
  for (const auto& [name, found] : all) {
    if (found.first.version != version) continue;
    chosen.by_quant[name] = found.first;
    chosen.parts.insert(found.second.begin(), found.second.end());
  }
  return chosen;
}

void WriteTruncation(const Truncation& truncation, const Node& quant, const std::string& input, FileBuilder* file) {
  std::vector<std::pair<const char*, double>> scalars = {
      {"/scale", truncation.scale}, {"/zero_point", 0}, {"/bits", truncation.bits}};
  if (truncation.version == 2) scalars.emplace_back("/out_scale", truncation.out_scale);
  scalars.emplace_back("/out_bits", truncation.out_bits);
  const std::string& output = quant.outputs[0];
  Node node = {quant.name, "Trunc", {input}, {output}, {{"rounding_mode", std::string("FLOOR")}}};
  for (const auto& [word, value] : scalars) node.inputs.push_back(file->NewScalar(output + word, value));
  if (truncation.version == 2) {
    node.attributes["signed"] = int64_t{truncation.is_signed};
    node.attributes["narrow"] = int64_t{0};
  }
  file->AddNode(node, kQonnxDomain, truncation.version);
}

}  // namespace lowbit::onnx
