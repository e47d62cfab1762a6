// Writes a network of one node as an .lbm file, loads it, and runs it.

#include <cstdio>
#include <vector>

#include "lowbit/format/lbm/lbm.h"
#include "lowbit/runtime/model.h"

int main() {
  lowbit::Graph graph;
  graph.name = "rectifier";
  graph.inputs = {{"x", {lowbit::kDynamic, 3}}};
  graph.outputs = {"y"};
  graph.nodes = {{"relu", "Relu", {"x"}, {"y"}, {}}};
  const lowbit::Status written = lowbit::lbm::Write(graph, "rectifier.lbm");
  if (!written.ok()) {
    std::fprintf(stderr, "%s\n", written.error().message.c_str());
    return 1;
  }
  auto model = lowbit::runtime::Model::Load("rectifier.lbm");
  if (!model.ok()) {
    std::fprintf(stderr, "%s\n", model.error().message.c_str());
    return 1;
  }
  const std::vector<float> x = {-1, 0, 2};
  std::vector<float> y(3, -1);
  const lowbit::Status run = model.value().Run(x, /*batch=*/1, y);
  std::printf("%g %g %g\n", y[0], y[1], y[2]);
  return run.ok() && y == std::vector<float>{0, 0, 2} ? 0 : 1;
}
