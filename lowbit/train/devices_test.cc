// What must not depend on the device: every method's weights and gradients, of each device against the CPU in double.

#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <string>
#include <vector>

#include "lowbit/recipe/recipe.h"
#include "lowbit/train/activation_method.h"
#include "lowbit/train/activation_plan.h"
#include "lowbit/train/loss.h"
#include "lowbit/train/method.h"
#include "lowbit/train/method_plan.h"
#include "lowbit/train/network.h"
#include "lowbit/train/test_devices.h"
#include "lowbit/train/test_kernels.h"
#include "lowbit/train/test_section.h"
#include "lowbit/train/test_small_net.h"

namespace lowbit::train {
namespace {

// Every method of weights with its defaults, SQ over those that it takes, and the variants that compute in ways of their own.
std::vector<Lines> WeightMethods() {
  std::vector<Lines> all;
  for (const methods::ShelfEntry& entry : methods::ShelfEntries()) {
    const std::string method = std::string("method=") + entry.name;
    all.push_back({method});
    if (entry.function(Config{ConfigTable(), ""}).value().quantizer == nullptr) continue;
    for (const char* unit : {"filter", "element"}) {
      all.push_back({method, "policy=sq", std::string("sq.unit=") + unit});
    }
  }
  for (const char* variant : {"rq", "rq_st"}) all.push_back({"method=srq", std::string("srq.variant=") + variant});
  all.push_back({"method=srq", "srq.dropbits=true"});
  all.push_back({"method=srq", "srq.dropbits=true", "srq.estimator=full_vector"});
  all.push_back({"method=slb", "slb.bits=2", "slb.scale=channel", "slb.learn_values=true"});
  all.push_back({"method=uniform", "uniform.range=mse"});
  all.push_back({"method=esb", "esb.k=auto"});
  return all;
}

// Of [quantize.activations], over ternary weights.
std::vector<Lines> ActivationMethods() {
  std::vector<Lines> all;
  for (const activations::ShelfEntry& entry : activations::ShelfEntries()) {
    all.push_back({"method=twn", "activations.bits=4", std::string("activations.method=") + entry.name});
  }
  all.push_back({"method=twn", "activations.method=sign", "activations.sign.gradient=polynomial"});
  all.push_back({"method=twn", "activations.bits=4", "activations.method=esb", "activations.esb.gradient=clipped"});
  return all;
}

std::string Joined(const Lines& lines, const std::string& device) {
  std::string text = device;
  for (const std::string& line : lines) text += " " + line;
  return text;
}

// Scales of activations as a run's start would measure them, roughly: the values behind batch normalization are of order 1.
void SetMeasuredScales(Graph* graph) {
  for (const Node* node : MeasuredQuantizers(*graph)) {
    auto& scale = std::get<FloatTensor>(graph->parameters.at(node->inputs[1]).value);
    scale.data[0] = node->inputs[0] == "image" ? 1.5f : 0.25f;
  }
}

// Low-bit values have many sums that are equal but for their rounding, and that chooses which of them is the largest of a
// window and gets the gradient.
void AverageInsteadOfMaximum(Graph* graph) {
  for (Node& node : graph->nodes) {
    if (node.op == "MaxPool") node.op = "AveragePool";
  }
}

NetworkOptions Options(const recipe::QuantizeSection& section, const std::string& device, Arithmetic arithmetic) {
  NetworkOptions options;
  options.method = ReadQuantizeSection(recipe::MethodTable(section)).value();
  if (section.activations.bits != 0) options.activation = CreateActivationMethod(section.activations).value();
  options.device = device;
  options.arithmetic = arithmetic;
  options.seed = 3;
  return options;
}

// The logits of a training step and the gradients of all parameters, in double on the CPU.
std::vector<at::Tensor> StepOf(const Lines& lines, const std::string& device, Arithmetic arithmetic) {
  const recipe::QuantizeSection section = Section(lines);
  Graph graph = QuantizeActivations(SmallNet(0.3), section).value();
  SetMeasuredScales(&graph);
  if (section.activations.bits != 0) AverageInsteadOfMaximum(&graph);
  Network network = Network::Create(graph, Options(section, device, arithmetic));
  StepContext context;
  context.ratio = 0.5;
  context.seed = 7;
  const at::Tensor logits = network.Forward(Images(16).div(100), Mode::kTrain, context);
  at::Tensor loss = CrossEntropy(logits, at::arange(16).remainder(4).to(logits.device()), 0.1);
  const at::Tensor regularizer = network.Regularizer();
  if (regularizer.defined()) loss = loss + regularizer;
  loss.backward();
  std::vector<at::Tensor> results = {logits.detach().to(at::kCPU, at::kDouble)};
  for (const TrainedParameter& parameter : network.Parameters()) {
    const at::Tensor& gradient = parameter.tensor.grad();
    EXPECT_EQ(gradient.defined() && gradient.device() != parameter.tensor.device(), false) << parameter.name;
    results.push_back(gradient.defined() ? gradient.to(at::kCPU, at::kDouble) : at::zeros({1}, at::kDouble));
  }
  return results;
}

void ExpectClose(const std::vector<at::Tensor>& got, const std::vector<at::Tensor>& wanted, const std::string& what) {
  ASSERT_EQ(got.size(), wanted.size());
  for (size_t i = 0; i < got.size(); ++i) {
    // Float sums of some thousand products.
    const double size = wanted[i].norm().item<double>();
    EXPECT_LE((got[i] - wanted[i]).norm().item<double>(), 1e-3 * size + 1e-7) << what << ", tensor " << i;
  }
}

// On each device, and on the CPU by the kernels that GPUs run.
void ExpectSameStep(const Lines& lines) {
  const std::vector<at::Tensor> wanted = StepOf(lines, "cpu", Arithmetic::kFloat64);
  for (const std::string& device : Devices()) {
    ExpectClose(StepOf(lines, device, Arithmetic::kFloat32), wanted, Joined(lines, device));
  }
  const InstalledPasses installed(EmulatedPasses()[0]);
  ExpectClose(StepOf(lines, "cpu", Arithmetic::kFloat32), wanted, Joined(lines, "kernels"));
}

TEST(Devices, GiveTheSameStepOfEveryWeightMethod) {
  for (const Lines& lines : WeightMethods()) ExpectSameStep(lines);
}

TEST(Devices, GiveTheSameStepOfEveryActivationMethod) {
  for (const Lines& lines : ActivationMethods()) ExpectSameStep(lines);
}

// What method.h promises, wherever the weights are: an evaluation's weights are the frozen ones, to the last bit.
TEST(Devices, EvaluateFrozenWeights) {
  torch::manual_seed(4);
  const at::Tensor weight = at::randn({12, 8, 3, 3});
  for (const std::string& device : Devices()) {
    for (const Lines& lines : WeightMethods()) {
      const MethodPlan plan = ReadQuantizeSection(recipe::MethodTable(Section(lines))).value();
      const auto method = plan.make({"c", "c.weight", weight.clone().to(at::Device(device)), {}, 3});
      method->Effective(Mode::kTrain, {});
      const at::Tensor used = method->Effective(Mode::kEval, {}).detach();
      EXPECT_EQ(used.device().type(), at::Device(device).type()) << Joined(lines, device);
      const FloatTensor frozen = Dequantize(method->Freeze());
      EXPECT_TRUE(used.to(at::kCPU).equal(at::tensor(frozen.data).view(frozen.shape))) << Joined(lines, device);
    }
  }
}

}  // namespace
}  // namespace lowbit::train
