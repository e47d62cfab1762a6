// Builds a network, executes it with libtorch on one black image, and prints its logits.

#include <torch/types.h>
#include <torch/utils.h>

#include <cstdio>

#include "lowbit/models/model.h"
#include "lowbit/train/network.h"

int main() {
  lowbit::models::ModelInput input;
  input.image = {1, 28, 28};
  input.classes = 10;
  input.mean = {127};
  input.scale = {1.0f / 64};
  const auto graph = lowbit::models::BuildModel("small", input, lowbit::Config(), /*seed=*/1);
  if (!graph.ok()) {
    std::fprintf(stderr, "%s\n", graph.error().message.c_str());
    return 1;
  }
  auto network = lowbit::train::Network::Create(graph.value(), {});
  const at::NoGradGuard no_gradients;
  const at::Tensor logits = network.Forward(at::zeros({1, 1, 28, 28}), lowbit::train::Mode::kEval, {});
  for (int64_t i = 0; i < logits.size(1); ++i) std::printf("%g ", logits[0][i].item<double>());
  std::printf("\n");
  return logits.size(1) == 10 ? 0 : 1;
}
