#include "bench/train_step/trainee.h"

#include <torch/types.h>

#include <ctime>
#include <stdexcept>
#include <utility>

#include "lowbit/data/batcher.h"
#include "lowbit/models/model.h"
#include "lowbit/recipe/recipe.h"
#include "lowbit/recipe/toml.h"
#include "lowbit/train/activation_plan.h"
#include "lowbit/train/loss.h"
#include "lowbit/train/network.h"
#include "lowbit/train/optimizer.h"
#include "lowbit/train/parameter.h"
#include "lowbit/train/trainer/recipe_options.h"

namespace lowbit::bench {
namespace {

// The recipe of a way; only its network and its quantizers matter here.
recipe::Recipe MakeRecipe(const Setting& setting, const Way& way) {
  const bool vgg = setting.network == "vgg9";
  const std::string text = std::string("name = \"bench\"\n[data]\nname = \"cifar10\"\n[model]\n") +
                           (vgg ? "name = \"vgg9\"\n" : "name = \"resnet_cifar\"\ndepth = 20\n") +
                           "[train]\nepochs = 1\nbatch = 128\n";
  Config config = recipe::ParseRecipeText(text, way.name).value();
  for (const std::string& setting_of_way : way.settings) {
    const Status set = recipe::ApplyOverride(&config, setting_of_way);
    if (!set.ok()) throw std::invalid_argument(way.name + ": " + set.error().message);
  }
  Result<recipe::Recipe> recipe = recipe::ReadRecipe(config);
  if (!recipe.ok()) throw std::invalid_argument(way.name + ": " + recipe.error().message);
  return std::move(recipe).value();
}

Graph BuildGraph(const recipe::Recipe& recipe) {
  models::ModelInput input;
  input.image = {3, 32, 32};
  input.classes = 10;
  input.mean = {125, 123, 114};
  input.scale = {1 / 64.0f};
  const Graph graph = models::BuildModel(recipe.model.name, input, recipe.model.options, 1).value();
  return train::QuantizeActivations(graph, recipe.quantize).value();
}

train::NetworkOptions Options(const Setting& setting, const recipe::Recipe& recipe) {
  train::NetworkOptions options = train::ReadNetworkOptions(recipe, setting.device).value();
  options.memory_format = setting.channels_last ? train::MemoryFormat::kChannelsLast : train::MemoryFormat::kContiguous;
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

// Seconds since some moment.
double Now(bool cpu_time) {
  timespec time = {};
  clock_gettime(cpu_time ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// The data loader at work on a set of noise, augmented as CIFAR-10 usually is.
class Loader {
 public:
  explicit Loader(int64_t batch) : set_(Noise(8 * batch)), batcher_(set_, BatchOptions(batch)) {}
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  // Views of memory that the next call writes to.
  void Next(torch::Tensor* images, torch::Tensor* labels) {
    while (!batcher_.Next(&batch_)) batcher_.StartEpoch(epoch_++);
    *images = torch::from_blob(batch_.images.data(), {batch_.count, 3, 32, 32}, torch::kFloat);
    *labels = torch::from_blob(batch_.labels.data(), {batch_.count}, torch::kLong);
  }

 private:
  static data::ImageSet Noise(int64_t count) {
    data::ImageSet set;
    set.image = {3, 32, 32};
    set.labels.resize(static_cast<size_t>(count));
    const torch::Tensor pixels = torch::randint(256, {count * Elements(set.image)}, torch::kByte);
    set.pixels.assign(pixels.data_ptr<uint8_t>(), pixels.data_ptr<uint8_t>() + pixels.numel());
    return set;
  }

  static data::BatchOptions BatchOptions(int64_t batch) {
    data::BatchOptions options;
    options.batch_size = batch;
    options.drop_last = true;
    options.augment.flip = options.augment.crop = true;
    options.augment.pad = 4;
    return options;
  }

  data::ImageSet set_;
  data::Batcher batcher_;
  data::Batch batch_;
  int64_t epoch_ = 0;
};

}  // namespace

struct Trainee::Impl {
  bool cpu_time;
  train::Network network;
  std::unique_ptr<train::Optimizer> optimizer;
  torch::Tensor images, labels;
  std::unique_ptr<Loader> loader;  // Null: always the same batch.
  train::StepContext context;
};

namespace {

std::vector<std::string> Method(const std::string& name, int bits) {
  return {"quantize.method=" + name, "quantize." + name + ".bits=" + std::to_string(bits)};
}

// Weights and activations of so many bits.
std::vector<std::string> Both(const std::string& weights, const std::string& activations, int bits) {
  std::vector<std::string> settings = Method(weights, bits);
  settings.push_back("quantize.activations.method=" + activations);
  settings.push_back("quantize.activations.bits=" + std::to_string(bits));
  return settings;
}

std::vector<std::string> With(std::vector<std::string> settings, const std::vector<std::string>& more) {
  settings.insert(settings.end(), more.begin(), more.end());
  return settings;
}

std::vector<Way> MakeWays() {
  const std::vector<std::string> bwn = {"quantize.method=bwn"}, twn = {"quantize.method=twn"};
  const std::vector<std::string> sq = {"quantize.policy=sq"},
                                 element = {"quantize.policy=sq", "quantize.sq.unit=element"};
  const std::vector<std::string> amp = {"train.amp=true"};
  std::vector<Way> ways = {{"float", {}},
                           {"float-loaded", {}, true},
                           {"bwn", bwn},
                           {"twn", twn},
                           {"sq-bwn", With(bwn, sq)},
                           {"sq-twn", With(twn, sq)},
                           {"sq-bwn-element", With(bwn, element)},
                           {"sq-twn-element", With(twn, element)},
                           {"float-amp", amp},
                           {"twn-amp", With(twn, amp)},
                           {"sq-twn-amp", With(With(twn, sq), amp)},
                           {"ttq", {"quantize.method=ttq"}}};
  for (const char* method : {"uniform", "dorefa", "lsq", "ul2q", "esb", "apot", "inq"}) {
    ways.push_back({std::string("w4-") + method, Method(method, 4)});
  }
  for (const auto& [weights, activations] :
       {std::pair("uniform", "measured"), std::pair("dorefa", "dorefa"), std::pair("dorefa", "pact"),
        std::pair("lsq", "lsq"), std::pair("esb", "esb")}) {
    ways.push_back({std::string("w4a4-") + weights + "-" + activations, Both(weights, activations, 4)});
  }
  ways.push_back({"w1a1-bwn-bireal", With(bwn, {"quantize.activations.method=sign"})});
  for (const int bits : {1, 2, 4}) ways.push_back({"slb-" + std::to_string(bits), Method("slb", bits)});
  ways.push_back({"srq-4", Method("srq", 4)});
  ways.push_back({"dropbits-4", With(Method("srq", 4), {"quantize.srq.dropbits=true"})});
  return ways;
}

}  // namespace

const std::vector<Way>& Ways() {
  static const std::vector<Way> ways = MakeWays();
  return ways;
}

Trainee::Trainee(const Setting& setting, const Way& way) {
  const recipe::Recipe recipe = MakeRecipe(setting, way);
  train::Network network = train::Network::Create(BuildGraph(recipe), Options(setting, recipe));
  auto optimizer = train::Optimizer::Create(Sgd(), network.Parameters());
  torch::manual_seed(1);
  impl_ = std::make_unique<Impl>(Impl{setting.cpu_time,
                                      std::move(network),
                                      std::move(optimizer),
                                      torch::rand({setting.batch, 3, 32, 32}).mul_(255),
                                      torch::randint(10, {setting.batch}, torch::kLong),
                                      way.loaded ? std::make_unique<Loader>(setting.batch) : nullptr,
                                      {}});
  impl_->context.ratio = impl_->context.progress = 0.5;
}

Trainee::~Trainee() = default;

int64_t Trainee::Values() const {
  int64_t values = 0;
  for (const train::TrainedParameter& parameter : impl_->network.Parameters()) values += parameter.tensor.numel();
  return values;
}

double Trainee::Step() {
  Impl& it = *impl_;
  const double start = Now(it.cpu_time);
  if (it.loader != nullptr) it.loader->Next(&it.images, &it.labels);
  const torch::Tensor logits = it.network.Forward(it.images, train::Mode::kTrain, it.context);
  const torch::Tensor labels = it.labels.to(logits.device());
  torch::Tensor loss = train::CrossEntropy(logits, labels, 0);
  const torch::Tensor regularizer = it.network.Regularizer();
  if (regularizer.defined()) loss = loss + regularizer;
  it.optimizer->ZeroGradients();
  if (it.loader != nullptr) loss.item<double>();
  loss.backward();
  if (it.loader != nullptr) logits.detach().argmax(1).eq(labels).sum().item<int64_t>();
  it.optimizer->Step(1e-4);
  // Waits for a GPU, which works through its steps in order.
  const torch::Tensor& last = it.network.Parameters().back().tensor;
  if (!last.is_cpu()) last.detach().cpu();
  ++it.context.iteration;
  return Now(it.cpu_time) - start;
}

}  // namespace lowbit::bench
