#include "lowbit/app/kernel_plan.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "lowbit/app/text.h"

namespace lowbit::app {
namespace {

std::string Note(const runtime::NodePlan& node) {
  return node.fused_into.empty() ? node.reason : "with " + node.fused_into;
}

}  // namespace

Result<KernelPlan> PlanKernels(const std::string& path, bool strict) {
  LOWBIT_TRY(const runtime::Model model, runtime::Model::Load(path, {.strict = strict}));
  return KernelPlan{path, model.Nodes(), model.PlannedBytes()};
}

std::vector<std::string> FallbackWarnings(const std::vector<runtime::NodePlan>& nodes) {
  std::vector<std::string> warnings;
  for (const runtime::NodePlan& node : nodes) {
    if (!node.fallback || !node.fused_into.empty()) continue;
    warnings.push_back(
        fmt::format("node '{}' ({}) runs by {}, a slow way out: {}", node.node, node.op, node.kernel, node.reason));
  }
  return warnings;
}

std::string ToText(const KernelPlan& plan) {
  std::vector<std::vector<std::string>> rows = {{"node", "operator", "kernel", "target", "note"}};
  for (const runtime::NodePlan& node : plan.nodes) {
    rows.push_back({node.node, node.op, node.kernel, node.target, Note(node)});
  }
  return TextTable(rows) + fmt::format("\nmemory for activations  {} bytes\n", Grouped(plan.planned_bytes));
}

std::string ToJson(const KernelPlan& plan) {
  nlohmann::ordered_json nodes = nlohmann::ordered_json::array();
  for (const runtime::NodePlan& node : plan.nodes) {
    nodes.push_back({{"node", node.node},
                     {"operator", node.op},
                     {"kernel", node.kernel},
                     {"target", node.target},
                     {"fused_into", node.fused_into},
                     {"reason", node.reason},
                     {"fallback", node.fallback}});
  }
  const nlohmann::ordered_json json = {{"path", plan.path}, {"nodes", nodes}, {"planned_bytes", plan.planned_bytes}};
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace lowbit::app
