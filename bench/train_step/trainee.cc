#include "bench/train_step/trainee.h"

#include <torch/types.h>

#include <ctime>

#include "lowbit/data/batcher.h"
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

const std::vector<Way>& Ways() {
  static const std::vector<Way> ways = {{"float", "none", "none", ""},
                                        {"float-loaded", "none", "none", "", true},
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
  impl_ = std::make_unique<Impl>(Impl{setting.cpu_time,
                                      std::move(network),
                                      std::move(optimizer),
                                      torch::rand({setting.batch, 3, 32, 32}).mul_(255),
                                      torch::randint(10, {setting.batch}, torch::kLong),
                                      way.loaded ? std::make_unique<Loader>(setting.batch) : nullptr,
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
  Impl& it = *impl_;
  const double start = Now(it.cpu_time);
  if (it.loader != nullptr) it.loader->Next(&it.images, &it.labels);
  const torch::Tensor logits = it.network.Forward(it.images, train::Mode::kTrain, it.context);
  torch::Tensor loss = train::CrossEntropy(logits, it.labels, 0);
  it.optimizer->ZeroGradients();
  if (it.loader != nullptr) loss.item<double>();
  loss.backward();
  if (it.loader != nullptr) logits.detach().argmax(1).eq(it.labels).sum().item<int64_t>();
  it.optimizer->Step(1e-4);
  ++it.context.iteration;
  return Now(it.cpu_time) - start;
}

}  // namespace lowbit::bench
