#ifndef LOWBIT_TRAIN_TEST_LOWERINGS_H_
#define LOWBIT_TRAIN_TEST_LOWERINGS_H_

// Lowerings against core's definitions of the operators: numbers, and gradients by differences. Includes libtorch.

#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "lowbit/core/evaluate.h"
#include "lowbit/core/testing/single_node.h"
#include "lowbit/train/network.h"
#include "lowbit/train/test_devices.h"

namespace lowbit::train {

using lowbit::testing::Int64s;
using lowbit::testing::Ints;
using lowbit::testing::MakeSingleNode;
using lowbit::testing::Narrow;
using lowbit::testing::Operand;
using lowbit::testing::SingleNode;

// Sums of at most a thousand products of values below 100 in double, in another order.
inline constexpr double kTolerance = 1e-8;

class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}
  int64_t Below(int64_t bound) { return static_cast<int64_t>(engine_() % static_cast<uint64_t>(bound)); }
  // Normal; float values, so that parameters and inputs have the same ones.
  DoubleTensor Tensor(Shape shape) {
    DoubleTensor tensor(std::move(shape));
    for (double& value : tensor.data) value = static_cast<float>(normal_(engine_));
    return tensor;
  }

 private:
  std::mt19937 engine_;
  std::normal_distribution<double> normal_;
};

inline at::Tensor ToTorch(const DoubleTensor& tensor) {
  return at::tensor(tensor.data, at::kDouble).view(tensor.shape);
}

inline void ExpectSameResults(const SingleNode& made, const std::string& what, const std::string& output = "out") {
  const auto expected = Evaluate(made.graph, made.inputs);
  ASSERT_TRUE(expected.ok()) << what << expected.error().message;
  NetworkOptions options;
  options.arithmetic = Arithmetic::kFloat64;
  std::vector<at::Tensor> inputs;
  for (const GraphInput& input : made.graph.inputs) inputs.push_back(ToTorch(made.inputs.at(input.name)));
  const at::NoGradGuard no_grad;
  const at::Tensor wanted = ToTorch(expected.value().at(output));
  const size_t place = static_cast<size_t>(std::find(made.graph.outputs.begin(), made.graph.outputs.end(), output) -
                                           made.graph.outputs.begin());
  for (const std::string& device : Devices()) {
    options.device = device;
    const at::Tensor got = Network::Create(made.graph, options).Run(inputs, Mode::kEval, {}).at(place).to(at::kCPU);
    ASSERT_EQ(got.sizes(), wanted.sizes()) << what << " on " << device;
    EXPECT_TRUE(got.allclose(wanted, kTolerance, kTolerance)) << what << " on " << device;
  }
}

inline void ExpectSame(const std::string& op, Attributes attributes, std::vector<Operand> operands) {
  ExpectSameResults(MakeSingleNode(op, std::move(attributes), std::move(operands)), op);
}

// Weights of the outputs' elements in a sum L whose gradient is looked at.
inline double WeightOf(size_t output, size_t element) {
  return 1 + static_cast<double>(output) + 0.37 * static_cast<double>(element % 11);
}

inline double WeightedSum(const SingleNode& made, const std::map<std::string, DoubleTensor>& inputs) {
  const auto values = Evaluate(made.graph, inputs).value();
  double sum = 0;
  for (size_t i = 0; i < made.graph.outputs.size(); ++i) {
    const std::vector<double>& data = values.at(made.graph.outputs[i]).data;
    for (size_t k = 0; k < data.size(); ++k) sum += WeightOf(i, k) * data[k];
  }
  return sum;
}

// libtorch's gradient of L for each input against differences of core's definition. Central differences over 2h of functions
// of third derivatives below 10 are off by h^2, and by the sum's rounding / h.
inline void ExpectGradients(const SingleNode& made, const std::string& what) {
  constexpr double kStep = 1e-4, kOff = 1e-6;
  NetworkOptions options;
  options.arithmetic = Arithmetic::kFloat64;
  std::vector<at::Tensor> leaves;
  for (const GraphInput& input : made.graph.inputs) {
    leaves.push_back(ToTorch(made.inputs.at(input.name)).requires_grad_(true));
  }
  const std::vector<at::Tensor> outputs = Network::Create(made.graph, options).Run(leaves, Mode::kTrain, {});
  at::Tensor sum = at::zeros({}, at::kDouble);
  for (size_t i = 0; i < outputs.size(); ++i) {
    std::vector<double> weights(static_cast<size_t>(outputs[i].numel()));
    for (size_t k = 0; k < weights.size(); ++k) weights[k] = WeightOf(i, k);
    sum = sum + (outputs[i].flatten() * at::tensor(weights, at::kDouble)).sum();
  }
  sum.backward();
  for (size_t i = 0; i < leaves.size(); ++i) {
    const std::string& name = made.graph.inputs[i].name;
    const at::Tensor got = leaves[i].grad().defined() ? leaves[i].grad().contiguous() : at::zeros_like(leaves[i]);
    auto inputs = made.inputs;
    for (size_t k = 0; k < inputs[name].data.size(); ++k) {
      const double middle = inputs[name].data[k];
      inputs[name].data[k] = middle + kStep;
      const double above = WeightedSum(made, inputs);
      inputs[name].data[k] = middle - kStep;
      const double below = WeightedSum(made, inputs);
      inputs[name].data[k] = middle;
      EXPECT_NEAR(got.data_ptr<double>()[k], (above - below) / (2 * kStep), kOff) << what << " " << name << " " << k;
    }
  }
}

// The numbers of every output, and their gradients.
inline void ExpectSameAndDifferentiable(const std::string& op, Attributes attributes, std::vector<Operand> operands,
                                        size_t outputs = 1) {
  SingleNode made = MakeSingleNode(op, std::move(attributes), std::move(operands));
  made.graph.outputs.clear();
  made.graph.nodes[0].outputs.clear();
  for (size_t i = 0; i < outputs; ++i) {
    made.graph.outputs.push_back("out" + std::to_string(i));
    made.graph.nodes[0].outputs = made.graph.outputs;
  }
  for (const std::string& output : made.graph.outputs) {
    SCOPED_TRACE(output);
    ExpectSameResults(made, op, output);
  }
  ExpectGradients(made, op);
}

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_TEST_LOWERINGS_H_
