#include "lowbit/train/trainer/sharpen.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <stdexcept>

#include "lowbit/core/image_size.h"
#include "lowbit/train/integer_network.h"
#include "lowbit/train/network.h"

namespace lowbit::train {

data::Plane Sharpen(const Graph& graph, const data::Plane& blurred, const std::string& device, bool integers) {
  const torch::NoGradGuard no_gradients;
  const Result<Graph> sized = AtImageSize(graph, blurred.height, blurred.width);
  if (!sized.ok()) throw std::invalid_argument(sized.error().message);
  NetworkOptions options;
  options.device = device;
  Network network = integers ? CreateIntegerNetwork(sized.value(), device) : Network::Create(sized.value(), options);
  const torch::Tensor image = torch::tensor(blurred.values, torch::kFloat).view({1, 1, blurred.height, blurred.width});
  const torch::Tensor made = network.Forward(image, Mode::kEval, {}).to(torch::kCPU, torch::kFloat).contiguous();
  const auto* values = made.data_ptr<float>();
  return {blurred.height, blurred.width, {values, values + made.numel()}};
}

}  // namespace lowbit::train
