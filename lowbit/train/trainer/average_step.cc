#include "lowbit/train/trainer/average_step.h"

#include <torch/types.h>

#include <cmath>

#include "lowbit/train/distributed/average.h"
#include "lowbit/train/parameter.h"

namespace lowbit::train {

void AverageStep(const std::vector<TrainedParameter>& parameters, StepResult* result, distributed::Group* group) {
  std::vector<torch::Tensor> tensors;
  for (const TrainedParameter& parameter : parameters) {
    if (parameter.tensor.grad().defined()) tensors.push_back(parameter.tensor.grad());
  }
  // Of the gradients' type, to travel with them. Counts below 2^24 are exact in float, and so is their sum / ranks * ranks.
  const double correct = static_cast<double>(result->correct);
  const torch::Tensor totals = torch::tensor({result->loss, correct, result->interrupted ? 1.0 : 0.0}, torch::kDouble);
  tensors.push_back(tensors.empty() ? totals : totals.to(tensors.back().device(), tensors.back().scalar_type()));
  distributed::Average(tensors, group);
  const torch::Tensor means = tensors.back().to(torch::kCPU, torch::kDouble);
  result->loss = means[0].item<double>();
  result->correct = std::llround(means[1].item<double>() * group->ranks());
  result->interrupted = means[2].item<double>() > 0;
}

}  // namespace lowbit::train
