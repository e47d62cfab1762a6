#include "lowbit/format/lbm/texts.h"

#include <string>
#include <vector>

#include "lowbit/base/utf8.h"

namespace lowbit::lbm {
namespace {

bool AllUtf8(const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    if (!IsUtf8(text)) return false;
  }
  return true;
}

bool TextsOfNodeAreUtf8(const Node& node) {
  for (const auto& [name, value] : node.attributes) {
    const std::string* text = std::get_if<std::string>(&value);
    if (!IsUtf8(name) || (text != nullptr && !IsUtf8(*text))) return false;
  }
  return AllUtf8({node.name, node.op}) && AllUtf8(node.inputs) && AllUtf8(node.outputs);
}

}  // namespace

Status CheckTexts(const Graph& graph) {
  bool ok = IsUtf8(graph.name) && AllUtf8(graph.outputs);
  for (const GraphInput& input : graph.inputs) ok = ok && IsUtf8(input.name);
  for (const Node& node : graph.nodes) ok = ok && TextsOfNodeAreUtf8(node);
  for (const auto& [name, parameter] : graph.parameters) ok = ok && IsUtf8(name);
  if (!ok) return Invalid("graph: a name is not UTF-8");
  for (const auto& [key, text] : graph.metadata) {
    if (!AllUtf8({key, text})) return Invalid("graph: metadata is not UTF-8");
  }
  return Ok();
}

}  // namespace lowbit::lbm
