#include <torch/types.h>
#include <torch/utils.h>

#include <exception>

#include "lowbit/train/network.h"
#include "tests/conformance/conformance.h"

namespace lowbit::conformance {
namespace {

Result<std::vector<DoubleTensor>> Train(const Graph& graph, const std::map<std::string, DoubleTensor>& inputs) try {
  std::vector<torch::Tensor> given;
  for (const GraphInput& input : graph.inputs) {
    const DoubleTensor& tensor = inputs.at(input.name);
    given.push_back(torch::tensor(tensor.data, torch::kDouble).view(tensor.shape));
  }
  const torch::NoGradGuard no_gradients;
  std::vector<DoubleTensor> outputs;
  for (const torch::Tensor& output : train::Network::Create(graph, {}).Run(given, train::Mode::kEval, {})) {
    const torch::Tensor wide = output.to(torch::kDouble).contiguous();
    const double* data = wide.data_ptr<double>();
    outputs.emplace_back(wide.sizes().vec(), std::vector<double>(data, data + wide.numel()));
  }
  return outputs;
} catch (const std::exception& error) {
  return Failed(error.what());
}

}  // namespace

Executor TrainingExecutor() { return Train; }

}  // namespace lowbit::conformance
