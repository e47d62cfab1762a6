#include "tests/support/small_networks.h"

#include "lowbit/base/file.h"
#include "lowbit/core/graph.h"
#include "lowbit/format/lbm/lbm.h"

namespace lowbit {
namespace {

Graph Pair() {
  Graph graph;
  graph.name = "pair";
  graph.inputs = {{"a", {kDynamic, 3}}, {"b", {kDynamic, 2}}};
  graph.outputs = {"mean", "product"};
  graph.nodes = {{"reduce", "ReduceMean", {"a", "last"}, {"mean"}, {}},
                 {"join", "Concat", {"a", "b"}, {"row"}, {{"axis", int64_t{1}}}},
                 {"multiply", "Gemm", {"row", "weight"}, {"product"}, {{"transB", int64_t{1}}}}};
  QTensor weight;
  weight.shape = {4, 5};
  weight.values = ValueSet::Ternary();
  weight.codes = {2, 1, 0, 1, 2, 0, 0, 2, 2, 1, 1, 1, 2, 0, 0, 2, 0, 1, 2, 1};
  weight.scales = {0.5f, 1, 0.3f, 7};
  graph.parameters["weight"].value = weight;
  graph.parameters["last"].value = Int64Tensor({1}, {1});
  graph.metadata["labels"] = "gr\u00f6\u00dfer\nkleiner";
  return graph;
}

Graph Fixed() {
  Graph graph;
  graph.name = "fixed";
  graph.inputs = {{"a", {2, 3}}, {"b", {2, 3}}};
  graph.outputs = {"difference", "total"};
  graph.nodes = {{"subtract", "Sub", {"a", "b"}, {"difference"}, {}},
                 {"add", "Add", {"a", "b"}, {"sum"}, {}},
                 {"reduce", "ReduceSum", {"sum"}, {"total"}, {{"keepdims", int64_t{0}}}}};
  return graph;
}

Graph Scaled() {
  Graph graph;
  graph.name = "scaled";
  graph.inputs = {{"factor", {}}, {"a", {2, 3}}};
  graph.outputs = {"scaled"};
  graph.nodes = {{"multiply", "Mul", {"a", "factor"}, {"scaled"}, {}}};
  return graph;
}

Graph Mixed() {
  Graph graph;
  graph.name = "mixed";
  graph.inputs = {{"x", {kDynamic, 3}}};
  graph.outputs = {"share", "most"};
  graph.nodes = {{"softmax", "Softmax", {"x"}, {"share"}, {{"axis", int64_t{0}}}},
                 {"reduce", "ReduceMax", {"x", "first"}, {"most"}, {{"keepdims", int64_t{0}}}}};
  graph.parameters["first"].value = Int64Tensor({1}, {0});
  return graph;
}

}  // namespace

Status WriteSmallNetworks(const std::string& folder) {
  LOWBIT_RETURN_IF_ERROR(MakeFolders(folder));
  for (const Graph& graph : {Pair(), Fixed(), Scaled(), Mixed()}) {
    LOWBIT_RETURN_IF_ERROR(lbm::Write(graph, folder + "/" + graph.name + ".lbm"));
  }
  return Ok();
}

}  // namespace lowbit
