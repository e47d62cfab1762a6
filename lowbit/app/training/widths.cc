#include "lowbit/app/training/widths.h"

#include <algorithm>
#include <cmath>

#include "lowbit/base/file.h"
#include "lowbit/core/graph.h"
#include "lowbit/core/row_weights.h"
#include "lowbit/format/lbm/lbm.h"

namespace lowbit::app {
namespace {

// The parameter's low-bit weights, or null.
const QTensor* LowBitWeights(const Graph& graph, const std::string& name) {
  const auto weight = graph.parameters.find(name);
  return weight == graph.parameters.end() ? nullptr : std::get_if<QTensor>(&weight->second.value);
}

}  // namespace

Result<Widths> ReadWidths(const std::string& run, bool equal) {
  const std::string path = run + "/model.lbm";
  if (!FileExists(path)) return Invalid("quantize.widths: " + run + " is not the folder of a finished run");
  LOWBIT_TRY(const Graph graph, lbm::Read(path));
  Widths widths;
  double bits = 0, weights = 0;
  for (const Node& node : graph.nodes) {
    for (const RowWeight& each : RowWeightsOf(node)) {
      const QTensor* weight = LowBitWeights(graph, node.inputs[each.input]);
      if (weight == nullptr) continue;
      widths[each.layer] = weight->values.Bits();
      const auto count = static_cast<double>(Elements(weight->shape));
      bits += count * weight->values.Bits();
      weights += count;
    }
  }
  if (widths.empty()) return Invalid("quantize.widths: " + path + " has no layer of low-bit weights");
  if (!equal) return widths;
  for (auto& [layer, width] : widths) width = std::llround(bits / weights);
  return widths;
}

bool AreBeside(const std::string& widths) { return widths.rfind("../", 0) == 0; }

std::string WidthsFolder(const std::string& widths, const std::string& folder) {
  return AreBeside(widths) ? folder + "/" + widths : widths;
}

void AddWidths(const Widths& widths, recipe::QuantizeSection* quantize) {
  for (const auto& [layer, bits] : widths) {
    const bool skipped = std::find(quantize->skip.begin(), quantize->skip.end(), layer) != quantize->skip.end();
    if (skipped) continue;
    recipe::LayerRule rule;
    rule.pattern = layer;
    rule.method = quantize->method;
    rule.sq = quantize->policy == recipe::QuantizeSection::Policy::kSq;
    rule.method_options = quantize->method_options;
    rule.policy_options = quantize->policy_options;
    auto* options = std::get_if<ConfigTable>(&rule.method_options.value);
    if (options == nullptr) options = &rule.method_options.value.emplace<ConfigTable>();
    (*options)["bits"] = Config{bits, "quantize.widths"};
    quantize->layers.push_back(std::move(rule));
  }
}

}  // namespace lowbit::app
