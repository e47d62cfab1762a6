// Feeds packed files to the runtime, each as it is and repaired: a network that the reader accepts is made ready and run.

#include <cstdint>
#include <vector>

#include "lowbit/core/cost.h"
#include "lowbit/core/validate.h"
#include "lowbit/format/lbm/lbm.h"
#include "lowbit/format/lbm/test_repair.h"
#include "lowbit/runtime/model.h"

namespace lowbit::runtime {
namespace {

constexpr int64_t kMostElements = 1 << 18, kMostMacs = 1 << 20;

// Whether an image is so little work that many can be tried in a second.
bool IsSmall(const Graph& graph) {
  const auto shapes = InferShapes(graph, 1);
  const auto costs = Costs(graph);
  if (!shapes.ok() || !costs.ok()) return false;
  int64_t elements = 0, macs = 0;
  for (const auto& [name, shape] : shapes.value()) elements += std::min(Elements(shape), kMostElements);
  for (const NodeCost& cost : costs.value()) macs += std::min(cost.macs, kMostMacs);
  return elements < kMostElements && macs < kMostMacs;
}

std::vector<float> Numbers(int64_t count) {
  std::vector<float> numbers(static_cast<size_t>(count));
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<float>(i * 37 % 101) * 0.1f - 5;
  return numbers;
}

int64_t BatchOf(const Model& model) {
  for (const TensorInfo& info : model.Inputs()) {
    if (!info.shape.empty() && info.shape[0] != kDynamic) return info.shape[0];
  }
  return 1;
}

// The arrays are no larger than they must be, so that a step beyond them is seen.
void Run(Model* model) {
  const int64_t batch = BatchOf(*model);
  std::vector<std::vector<float>> inputs, outputs;
  for (const TensorInfo& info : model->Inputs()) {
    Shape shape = info.shape;
    if (!shape.empty()) shape[0] = batch;
    inputs.push_back(Numbers(Elements(shape)));
  }
  for (size_t i = 0; i < model->Outputs().size(); ++i) {
    const auto elements = model->OutputElements(i, batch);
    if (!elements.ok()) return;
    outputs.emplace_back(static_cast<size_t>(elements.value()));
  }
  const Status status = model->Run({inputs.begin(), inputs.end()}, batch, {outputs.begin(), outputs.end()});
  LOWBIT_CHECK(status.ok() || !status.error().message.empty());
}

void Try(Span<const uint8_t> file) {
  const auto graph = lbm::Decode(file, "input");
  if (!graph.ok() || !IsSmall(graph.value())) return;
  Result<Model> model = Model::FromGraph(graph.value());
  if (model.ok()) {
    Run(&model.value());
  } else {
    LOWBIT_CHECK(!model.error().message.empty());
  }
}

}  // namespace
}  // namespace lowbit::runtime

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const lowbit::Span<const uint8_t> input(data, size);
  lowbit::runtime::Try(input);
  lowbit::runtime::Try(lowbit::lbm::Repair(input));
  return 0;
}
