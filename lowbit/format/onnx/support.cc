#include "lowbit/format/onnx/support.h"

#include <algorithm>
#include <set>
#include <vector>

#include "lowbit/base/suggest.h"
#include "lowbit/format/onnx/names.h"
#include "lowbit/format/onnx/onnx.h"
#include "lowbit/format/onnx/onnx.pb.h"
#include "lowbit/format/onnx/rules.h"

namespace lowbit::onnx {
namespace {

// QONNX's operators. Their domain has had several names.
bool IsQonnx(const std::string& op) {
  static const std::set<std::string> operators = {"BipolarQuant", "IntQuant", "Quant", "Trunc"};
  return operators.count(op) != 0;
}

// Of lowbit alone, in no file of ONNX.
bool IsOwn(const std::string& op) { return op == "LevelQuant" || op == "Recurrence"; }

// Operators of core that are ONNX's, and those that rules make of them and of others'.
bool IsSupported(const lowbit_onnx::Node& node) {
  const std::string& op = node.op_type();
  if (Rules().count(RuleName(node.domain(), op)) != 0) {
    return IsOnnxDomain(node.domain()) || node.domain() == kMicrosoftDomain || IsQonnx(op);
  }
  return IsOnnxDomain(node.domain()) && !IsOwn(op) && (FindOperator(op) != nullptr || IsControl(op));
}

}  // namespace

bool IsOnnxDomain(const std::string& domain) { return domain.empty() || domain == "ai.onnx"; }

bool IsControl(const std::string& op) { return op == "If"; }

std::string NameOf(const lowbit_onnx::Node& node, int position) {
  return node.name().empty() ? node.op_type() + "_" + std::to_string(position) : node.name();
}

Status CheckSupport(const lowbit_onnx::Graph& graph) {
  std::vector<std::string> unsupported;
  for (int i = 0; i < graph.node_size(); ++i) {
    if (IsSupported(graph.node(i))) continue;
    const std::string& domain = graph.node(i).domain();
    unsupported.push_back("'" + NameOf(graph.node(i), i) + "' (" + (IsOnnxDomain(domain) ? "" : domain + ".") +
                          graph.node(i).op_type() + ")");
  }
  if (unsupported.empty()) return Ok();
  return Invalid("has " + std::to_string(unsupported.size()) + " of " + std::to_string(graph.node_size()) +
                 " nodes that are not supported: " + Join(unsupported));
}

std::vector<std::string> SupportedOperators() {
  std::vector<std::string> names = OperatorNames();
  names.erase(std::remove_if(names.begin(), names.end(), IsOwn), names.end());
  for (const auto& [name, rule] : Rules()) names.push_back(name);
  names.emplace_back("If");
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace lowbit::onnx
