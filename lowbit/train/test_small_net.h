#ifndef LOWBIT_TRAIN_TEST_SMALL_NET_H_
#define LOWBIT_TRAIN_TEST_SMALL_NET_H_

// A network of all that the executor treats in a way of its own, for tests, and how it is put together.

#include <torch/types.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "lowbit/core/graph.h"

namespace lowbit::train {

inline FloatTensor Values(Shape shape, uint64_t seed) {
  torch::manual_seed(seed);
  const at::Tensor drawn = at::randn({Elements(shape)});
  return FloatTensor(std::move(shape), {drawn.data_ptr<float>(), drawn.data_ptr<float>() + drawn.numel()});
}

inline FloatTensor Filled(Shape shape, float value) {
  FloatTensor tensor(std::move(shape));
  std::fill(tensor.data.begin(), tensor.data.end(), value);
  return tensor;
}

inline void AddParameter(Graph* graph, const std::string& name, FloatTensor value, ParameterTraits::Role role) {
  graph->parameters[name].value = std::move(value);
  graph->parameters[name].traits.role = role;
}

inline void AddBatchNorm(Graph* graph, const std::string& name, const std::string& input, int64_t channels,
                         Attributes attributes = {}) {
  using Role = ParameterTraits::Role;
  AddParameter(graph, name + ".scale", Filled({channels}, 1), Role::kBias);
  AddParameter(graph, name + ".shift", Filled({channels}, 0.5f), Role::kBias);
  AddParameter(graph, name + ".mean", Filled({channels}, 0), Role::kStatistic);
  AddParameter(graph, name + ".variance", Filled({channels}, 1), Role::kStatistic);
  graph->nodes.push_back({name,
                          "BatchNormalization",
                          {input, name + ".scale", name + ".shift", name + ".mean", name + ".variance"},
                          {name + ".out"},
                          std::move(attributes)});
}

// Two convolutions with a skip connection, batch norm, pooling, dropout and a classifier; images [2, 9, 9].
inline Graph SmallNet(double dropout = 0) {
  using Role = ParameterTraits::Role;
  Graph graph;
  graph.name = "small";
  graph.inputs = {{"image", {kDynamic, 2, 9, 9}}};
  AddParameter(&graph, "conv1.weight", Values({6, 2, 3, 3}, 1), Role::kWeight);
  AddParameter(&graph, "conv2.weight", Values({6, 6, 3, 3}, 2), Role::kWeight);
  AddParameter(&graph, "fc.weight", Values({4, 96}, 3), Role::kWeight);
  AddParameter(&graph, "fc.bias", Values({4}, 4), Role::kBias);
  AddParameter(&graph, "ratio", Filled({}, static_cast<float>(dropout)), Role::kConstant);
  const Attributes same = {{"pads", std::vector<int64_t>{1, 1, 1, 1}}};
  graph.nodes.push_back({"conv1", "Conv", {"image", "conv1.weight"}, {"conv1.out"}, same});
  AddBatchNorm(&graph, "bn1", "conv1.out", 6, {{"momentum", 0.8}});
  graph.nodes.push_back({"relu1", "Relu", {"bn1.out"}, {"relu1.out"}, {}});
  graph.nodes.push_back({"conv2", "Conv", {"relu1.out", "conv2.weight"}, {"conv2.out"}, same});
  AddBatchNorm(&graph, "bn2", "conv2.out", 6, {{"momentum", 0.8}});
  graph.nodes.push_back({"add", "Add", {"relu1.out", "bn2.out"}, {"add.out"}, {}});
  graph.nodes.push_back({"pool",
                         "MaxPool",
                         {"add.out"},
                         {"pool.out"},
                         {{"kernel_shape", std::vector<int64_t>{3, 3}},
                          {"strides", std::vector<int64_t>{2, 2}},
                          {"ceil_mode", int64_t{0}}}});
  graph.nodes.push_back({"drop", "Dropout", {"pool.out", "ratio"}, {"drop.out"}, {}});
  graph.nodes.push_back({"flat", "Flatten", {"drop.out"}, {"flat.out"}, {}});
  graph.nodes.push_back({"fc", "Gemm", {"flat.out", "fc.weight", "fc.bias"}, {"logits"}, {{"transB", int64_t{1}}}});
  graph.outputs = {"logits"};
  return graph;
}

inline at::Tensor Images(int64_t count, uint64_t seed = 11) {
  torch::manual_seed(seed);
  return at::rand({count, 2, 9, 9}).mul_(255);
}

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_TEST_SMALL_NET_H_
