#ifndef LOWBIT_FORMAT_ONNX_SUPPORT_H_
#define LOWBIT_FORMAT_ONNX_SUPPORT_H_

// Which nodes of a file can be read.

#include <string>

#include "lowbit/base/result.h"

namespace lowbit_onnx {
class Graph;
class Node;
}  // namespace lowbit_onnx

namespace lowbit::onnx {

// Whether it is ONNX's own, which has two names.
bool IsOnnxDomain(const std::string& domain);

// The node's name, or one made of its operator and its position in the graph.
std::string NameOf(const lowbit_onnx::Node& node, int position);

// Whether the node has graphs inside, of which the reader takes one.
bool IsControl(const std::string& op);

// Error: names all nodes of the graph, and their operators, that are not supported. Graphs inside of nodes are not looked into.
Status CheckSupport(const lowbit_onnx::Graph& graph);

}  // namespace lowbit::onnx

#endif  // LOWBIT_FORMAT_ONNX_SUPPORT_H_
