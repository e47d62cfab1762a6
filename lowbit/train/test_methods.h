#ifndef LOWBIT_TRAIN_TEST_METHODS_H_
#define LOWBIT_TRAIN_TEST_METHODS_H_

// Weight methods and policies by name, for tests of their trainable side. Includes libtorch.

#include <torch/types.h>
#include <torch/utils.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "lowbit/train/method.h"
#include "lowbit/train/method_plan.h"

namespace lowbit::train {

inline Config Text(const std::string& text) { return Config{text, ""}; }
inline Config Number(int64_t number) { return Config{number, ""}; }
inline Config Table(ConfigTable table) { return Config{std::move(table), "r.toml:1"}; }

inline MethodPlan Plan(const std::string& method, const std::string& policy = "none", ConfigTable policy_options = {},
                       ConfigTable method_options = {}) {
  ConfigTable section = {{"method", Text(method)}, {"policy", Text(policy)}};
  section[method] = Table(std::move(method_options));
  if (policy != "none") section[policy] = Table(std::move(policy_options));
  return ReadQuantizeSection(Table(std::move(section))).value();
}

inline std::unique_ptr<WeightMethod> Make(const MethodPlan& plan, const at::Tensor& weight,
                                          const std::string& layer = "c") {
  return plan.make({layer, layer + ".weight", weight.clone(), {}});
}

inline StepContext At(int64_t iteration, double ratio, int64_t stage = 0) {
  StepContext context;
  context.seed = 5;
  context.iteration = iteration;
  context.ratio = ratio;
  context.stage = stage;
  return context;
}

inline at::Tensor Normal(at::IntArrayRef shape, uint64_t seed = 1) {
  torch::manual_seed(seed);
  return at::randn(shape);
}

// Gradient of sum sin(Qt) with respect to the float weights.
inline at::Tensor GradientOf(WeightMethod* method, const StepContext& context) {
  at::Tensor weight = method->Parameters().at(0).tensor;
  weight.mutable_grad().reset();
  method->Effective(Mode::kTrain, context).sin().sum().backward();
  return weight.grad().clone();
}

// Null for a method that trains in a way of its own.
inline std::shared_ptr<const TensorQuantizer> QuantizerOf(const std::string& name, ConfigTable options = {}) {
  for (const methods::ShelfEntry& entry : methods::ShelfEntries()) {
    if (name == entry.name) return entry.function(Table(std::move(options))).value().quantizer;
  }
  return nullptr;
}

// Every deterministic quantizer of the shelf, and the methods that start from one, with their options.
struct Case {
  std::string name;
  ConfigTable options;
};

inline std::vector<Case> Cases() {
  std::vector<Case> cases;
  for (const methods::ShelfEntry& entry : methods::ShelfEntries()) {
    if (entry.function(Table({})).value().quantizer != nullptr) cases.push_back({entry.name, {}});
  }
  for (const char* scope : {"layer", "layer_centered"}) cases.push_back({"twn", {{"delta_scope", Text(scope)}}});
  // 1: in a row of equal magnitudes all are at the threshold.
  for (const double factor : {1., 1.1}) cases.push_back({"twn", {{"delta_factor", Config{factor, ""}}}});
  cases.push_back({"esb", {{"bits", Number(5)}, {"k", Number(0)}, {"scope", Text("row")}}});
  cases.push_back({"esb", {{"bits", Number(2)}, {"sigma", Text("rms")}}});
  cases.push_back({"esb", {{"bits", Number(8)}, {"alpha", Text("optimal")}, {"density", Text("laplace")}}});
  cases.push_back({"esb", {{"k", Text("auto")}}});
  for (int64_t bits = 1; bits <= 8; ++bits) {
    cases.push_back({"ul2q", {{"bits", Number(bits)}, {"scope", Text("row")}}});
    cases.push_back({"dorefa", {{"bits", Number(bits)}}});
    for (const char* range : {"max", "percentile", "mse"}) {
      cases.push_back({"uniform", {{"bits", Number(bits)}, {"range", Text(range)}}});
    }
    if (bits == 1) continue;
    cases.push_back({"uniform", {{"bits", Number(bits)}, {"range", Text("mse")}, {"scope", Text("layer")}}});
    cases.push_back({"lsq", {{"bits", Number(bits)}}});
    cases.push_back({"lsq", {{"bits", Number(bits)}, {"scope", Text("row")}}});
    cases.push_back({"inq", {{"bits", Number(bits)}}});
    if (bits >= 3 && bits <= 5) cases.push_back({"apot", {{"bits", Number(bits)}}});
  }
  cases.push_back({"ttq", {}});
  cases.push_back({"ttq", {{"threshold", Config{0.3, ""}}}});
  return cases;
}

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_TEST_METHODS_H_
