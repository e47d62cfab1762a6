#include "bench/train_step/trainee.h"

#include <torch/torch.h>

#include <chrono>

#include "lowbit/models/model.h"
#include "lowbit/train/loss.h"
#include "lowbit/train/network.h"
#include "lowbit/train/optimizer.h"
#include "lowbit/train/parameter.h"

namespace lowbit::bench {
namespace {

Config Text(const std::string& text) { return Config{text, ""}; }

Graph BuildGraph(const Setting& setting) {
  models::ModelInput input;
  input.image = {3, 32, 32};
  input.classes = 10;
  input.mean = {125, 123, 114};
  input.scale = {1 / 64.0f};
  const bool vgg = setting.network == "vgg9";
  ConfigTable options;
  if (!vgg) options["depth"] = Config{int64_t{20}, ""};
  return models::BuildModel(vgg ? "vgg9" : "resnet_cifar", input, Config{options, ""}, 1).value();
}

train::NetworkOptions Options(const Setting& setting, const Way& way) {
  ConfigTable table = {{"method", Text(way.method)}, {"policy", Text(way.policy)}};
  if (way.policy != "none") table[way.policy] = Config{ConfigTable{{"unit", Text(way.unit)}}, ""};
  train::NetworkOptions options;
  options.memory_format = setting.channels_last ? train::MemoryFormat::kChannelsLast : train::MemoryFormat::kContiguous;
  options.method = train::ReadQuantizeSection(Config{table, ""}).value();
  return options;
}

// What the rivals of rivals.py do too.
train::OptimizerOptions Sgd() {
  train::OptimizerOptions options;
  options.nesterov = true;
  options.weight_decay = 1e-4;
  options.decay_scope = train::DecayScope::kAll;
  return options;
}

}  // namespace

struct Trainee::Impl {
  train::Network network;
  std::unique_ptr<train::Optimizer> optimizer;
  torch::Tensor images, labels;
  train::StepContext context;
};

const std::vector<Way>& Ways() {
  static const std::vector<Way> ways = {{"float", "none", "none", ""},
                                        {"bwn", "bwn", "none", ""},
                                        {"twn", "twn", "none", ""},
                                        {"sq-bwn", "bwn", "sq", "filter"},
                                        {"sq-twn", "twn", "sq", "filter"},
                                        {"sq-bwn-element", "bwn", "sq", "element"},
                                        {"sq-twn-element", "twn", "sq", "element"}};
  return ways;
}

Trainee::Trainee(const Setting& setting, const Way& way) {
  train::Network network = train::Network::Create(BuildGraph(setting), Options(setting, way));
  auto optimizer = train::Optimizer::Create(Sgd(), network.Parameters());
  torch::manual_seed(1);
  impl_ = std::make_unique<Impl>(Impl{std::move(network),
                                      std::move(optimizer),
                                      torch::rand({setting.batch, 3, 32, 32}).mul_(255),
                                      torch::randint(10, {setting.batch}, torch::kLong),
                                      {}});
  impl_->context.ratio = 0.5;
}

Trainee::~Trainee() = default;

int64_t Trainee::Values() const {
  int64_t values = 0;
  for (const train::TrainedParameter& parameter : impl_->network.Parameters()) values += parameter.tensor.numel();
  return values;
}

double Trainee::Step() {
  const auto start = std::chrono::steady_clock::now();
  Impl& it = *impl_;
  const torch::Tensor logits = it.network.Forward(it.images, train::Mode::kTrain, it.context);
  torch::Tensor loss = train::CrossEntropy(logits, it.labels, 0);
  it.optimizer->ZeroGradients();
  loss.backward();
  it.optimizer->Step(1e-4);
  ++it.context.iteration;
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace lowbit::bench
