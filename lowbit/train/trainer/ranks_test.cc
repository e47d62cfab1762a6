// Several ranks train like one: gradients of k ranks with batch B / k against one rank with batch B, on a network with
// dropout, augmented images and stochastic quantization; and the weights of all ranks against each other.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>

#include "lowbit/base/random.h"
#include "lowbit/data/batcher.h"
#include "lowbit/models/model.h"
#include "lowbit/recipe/recipe.h"
#include "lowbit/recipe/toml.h"
#include "lowbit/train/distributed/average.h"
#include "lowbit/train/distributed/test_ranks.h"
#include "lowbit/train/loss.h"
#include "lowbit/train/network.h"
#include "lowbit/train/optimizer.h"
#include "lowbit/train/parameter.h"
#include "lowbit/train/trainer/image_tensor.h"
#include "lowbit/train/trainer/reestimate_batch_norm.h"
#include "lowbit/train/trainer/train_job.h"

namespace lowbit::train {
namespace {

using distributed::Group;
using distributed::RunRanks;

constexpr int64_t kBatch = 16;

data::ImageSet MakeImages(int64_t count) {
  const CounterRandom random(5, 1);
  data::ImageSet set;
  set.image = {1, 8, 8};
  for (int64_t i = 0; i < count; ++i) set.labels.push_back(static_cast<int32_t>(i % 3));
  for (int64_t i = 0; i < count * 64; ++i) {
    set.pixels.push_back(static_cast<uint8_t>(random.Below(static_cast<uint64_t>(i), 256)));
  }
  return set;
}

Graph MakeGraph() {
  models::ModelInput input;
  input.image = {1, 8, 8};
  input.classes = 3;
  input.mean = {128};
  input.scale = {0.02f};
  const Config options = recipe::ParseRecipeText("channels = [4, 8]\ndropout = 0.5\n", "test").value();
  return models::BuildModel("small", input, options, 1).value();
}

MethodPlan SqPlan() {
  const Config section = recipe::ParseRecipeText("method = \"twn\"\npolicy = \"sq\"\n", "test").value();
  return ReadQuantizeSection(section).value();
}

StepContext Context(int64_t iteration, const Group* group) {
  StepContext context;
  context.seed = 3;
  context.iteration = iteration;
  context.ratio = 0.5;
  if (group != nullptr) context.first_image = group->rank() * (kBatch / group->ranks());
  return context;
}

// This rank's share of the first batch, augmented.
data::Batch MakeBatch(const data::ImageSet& images, const Group* group) {
  data::BatchOptions options;
  options.batch_size = kBatch;
  options.drop_last = true;
  options.threads = 0;
  options.augment.flip = options.augment.crop = true;
  options.augment.pad = 2;
  options.share = group == nullptr ? 0 : group->rank();
  options.shares = group == nullptr ? 1 : group->ranks();
  data::Batcher batcher(images, options);
  batcher.StartEpoch(0);
  data::Batch batch;
  EXPECT_TRUE(batcher.Next(&batch));
  return batch;
}

// Leaves the mean of all ranks' gradients in the parameters.
void Backward(Network* network, const data::ImageSet& images, int64_t iteration, Group* group) {
  data::Batch batch = MakeBatch(images, group);
  const at::Tensor logits = network->Forward(ImageView(&batch, images.image), Mode::kTrain, Context(iteration, group));
  CrossEntropy(logits, LabelView(&batch), 0.1).backward();
  if (group == nullptr) return;
  std::vector<at::Tensor> gradients;
  for (const TrainedParameter& parameter : network->Parameters()) gradients.push_back(parameter.tensor.grad());
  distributed::Average(gradients, group);
}

std::vector<at::Tensor> Gradients(NetworkOptions options, bool sync, Group* group) {
  const data::ImageSet images = MakeImages(48);
  if (sync) options.batch_norm.group = group;
  Network network = Network::Create(MakeGraph(), options);
  Backward(&network, images, 7, group);
  std::vector<at::Tensor> gradients;
  for (const TrainedParameter& parameter : network.Parameters()) gradients.push_back(parameter.tensor.grad());
  return gradients;
}

// Of the largest gradient of the network.
double Difference(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  double difference = 0, largest = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, a[i].abs().max().item<double>());
    difference = std::max(difference, (a[i] - b[i]).abs().max().item<double>());
  }
  return difference / largest;
}

double DifferenceFromOneRank(int ranks, const NetworkOptions& options, bool sync) {
  const std::vector<at::Tensor> one = Gradients(options, sync, nullptr);
  double worst = 0;
  std::mutex mutex;
  RunRanks(ranks, [&](Group* group) {
    const double difference = Difference(one, Gradients(options, sync, group));
    const std::lock_guard<std::mutex> lock(mutex);
    worst = std::max(worst, difference);
  });
  return worst;
}

// In double, all sums (at most 16 * 64 terms at once, three layers deep) differ by their order: 2^-53 * 1024 = 1e-13 of
// the sum of magnitudes, which exceeds the sums themselves by less than 1000 here.
constexpr double kDoubleTolerance = 1e-10;
// Quantized layers keep float weights: their gradients are rounded to 24 bits, the sums of 4 of them once more.
constexpr double kFloatTolerance = 1e-6;

TEST(Ranks, GradientsWithSynchronizedBatchNormAreThoseOfOneRank) {
  NetworkOptions options;
  options.arithmetic = Arithmetic::kFloat64;
  for (const int ranks : {2, 4}) EXPECT_LT(DifferenceFromOneRank(ranks, options, true), kDoubleTolerance) << ranks;
}

TEST(Ranks, GradientsWithFrozenBatchNormAreThoseOfOneRank) {
  NetworkOptions options;
  options.arithmetic = Arithmetic::kFloat64;
  options.batch_norm.frozen = true;
  for (const int ranks : {2, 4}) EXPECT_LT(DifferenceFromOneRank(ranks, options, false), kDoubleTolerance) << ranks;
}

TEST(Ranks, GradientsUnderStochasticQuantizationAreThoseOfOneRank) {
  NetworkOptions options;
  options.arithmetic = Arithmetic::kFloat64;
  options.method = SqPlan();
  for (const int ranks : {2, 4}) EXPECT_LT(DifferenceFromOneRank(ranks, options, true), kFloatTolerance) << ranks;
}

TEST(Ranks, WithoutSynchronizationTheyAreNot) {
  NetworkOptions options;
  options.arithmetic = Arithmetic::kFloat64;
  EXPECT_GT(DifferenceFromOneRank(2, options, false), 1e-3);
}

TEST(Ranks, WeightsAndMasksStayTheSameBits) {
  constexpr int kRanks = 4;
  std::vector<std::vector<at::Tensor>> results(kRanks);
  RunRanks(kRanks, [&](Group* group) {
    const data::ImageSet images = MakeImages(48);
    NetworkOptions options;
    options.method = SqPlan();
    options.batch_norm.group = group;
    Network network = Network::Create(MakeGraph(), options);
    const auto optimizer = Optimizer::Create({}, network.Parameters());
    for (int64_t i = 0; i < 6; ++i) {
      optimizer->ZeroGradients();
      Backward(&network, images, i, group);
      optimizer->Step(0.05);
    }
    std::vector<at::Tensor>& result = results[static_cast<size_t>(group->rank())];
    for (const TrainedParameter& parameter : network.Parameters()) result.push_back(parameter.tensor.detach());
    for (const auto& [name, tensor] : network.Buffers()) result.push_back(tensor);
    // What the masks of two iterations make of the same images.
    const at::NoGradGuard no_grad;
    data::Batch batch = MakeBatch(images, nullptr);
    for (const int64_t iteration : {6, 7}) {
      StepContext context = Context(iteration, nullptr);
      context.evaluate_hybrid = true;
      result.push_back(network.Forward(ImageView(&batch, images.image), Mode::kEval, context));
    }
  });
  for (const auto& result : results) {
    ASSERT_EQ(result.size(), results[0].size());
    for (size_t i = 0; i < result.size(); ++i) EXPECT_TRUE(result[i].equal(results[0][i])) << i;
    EXPECT_FALSE(result.end()[-1].equal(result.end()[-2]));
  }
}

// Those of the normalization of pixels, which ranks do not share: finite numbers whose product is not.
void SpoilConstants(Graph* graph) {
  for (auto& [name, parameter] : graph->parameters) {
    auto* floats = std::get_if<FloatTensor>(&parameter.value);
    const bool constant = floats != nullptr && parameter.traits.role == ParameterTraits::Role::kConstant;
    for (size_t i = 0; constant && !floats->shape.empty() && i < floats->data.size(); ++i) floats->data[i] = 3e38f;
  }
}

class RanksTrainTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = (std::filesystem::temp_directory_path() / "lowbit_ranks_test").string() +
              testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  TrainJob Job(const std::string& name) const {
    constexpr char kRecipe[] = R"(
[data]
name = "made"
[model]
name = "small"
[train]
iterations = 9
batch = 16
log_every = 1
sync_batch_norm = true
[quantize]
method = "twn"
policy = "sq"
[quantize.sq]
ramp = [0.5, 1.0]
)";
    TrainJob job;
    job.recipe = recipe::ReadRecipe(recipe::ParseRecipeText(kRecipe, "test").value()).value();
    job.dataset.name = "made";
    job.dataset.classes = 3;
    job.dataset.train = MakeImages(48);
    job.dataset.test = MakeImages(30);
    job.graph = MakeGraph();
    job.folder = folder_ + "/" + name;
    job.quiet = true;
    std::filesystem::create_directories(job.folder);
    return job;
  }

  Result<TrainOutcome> TrainRank(const std::string& name, Group* group) const {
    TrainJob job = Job(group != nullptr && group->rank() != 0 ? "nothing" : name);
    job.group = group;
    if (group != nullptr) job.launch = distributed::MakeLaunch(group->rank(), group->ranks(), 0);
    return Train(job);
  }

  std::vector<double> Losses(const std::string& name) const {
    std::vector<double> losses;
    std::ifstream file(folder_ + "/" + name + "/metrics.jsonl");
    for (std::string line; std::getline(file, line);) {
      const auto json = nlohmann::json::parse(line);
      if (json.at("kind") == "step") losses.push_back(json.at("loss").get<double>());
    }
    return losses;
  }

  std::string folder_;
};

TEST_F(RanksTrainTest, RanksTrainAsOneRankDoes) {
  ASSERT_TRUE(TrainRank("one", nullptr).ok());
  std::vector<TrainOutcome> outcomes(2);
  RunRanks(2, [&](Group* group) {
    const auto outcome = TrainRank("two", group);
    ASSERT_TRUE(outcome.ok()) << outcome.error().message;
    outcomes[static_cast<size_t>(group->rank())] = outcome.value();
  });
  EXPECT_EQ(outcomes[0].test_loss, outcomes[1].test_loss);
  EXPECT_EQ(outcomes[0].test_score, outcomes[1].test_score);
  const std::vector<double> one = Losses("one"), two = Losses("two");
  ASSERT_EQ(one.size(), 9u);
  ASSERT_EQ(two.size(), 9u);
  // The first two losses, before float's rounding (2^-24, sums of about 1000 terms) has gone through more steps.
  for (int i = 0; i < 2; ++i) EXPECT_NEAR(one[i], two[i], 1e-4 * one[i]);
  // Rank 1 wrote nothing.
  EXPECT_TRUE(std::filesystem::is_empty(folder_ + "/nothing"));
}

// Of each rank at the end, without synchronization.
TEST(Ranks, ReestimatedStatisticsAreTheSameBits) {
  std::vector<std::vector<at::Tensor>> results(2);
  RunRanks(2, [&](Group* group) {
    const data::ImageSet images = MakeImages(48);
    Network network = Network::Create(MakeGraph(), {});
    data::BatchOptions options;
    options.batch_size = kBatch;
    options.drop_last = true;
    options.share = group->rank();
    options.shares = 2;
    data::Batcher batcher(images, options);
    ReestimateBatchNorm(5, 2, images.image, &batcher, &network, group);
    results[static_cast<size_t>(group->rank())] = network.RunningStatistics();
  });
  ASSERT_FALSE(results[0].empty());
  for (size_t i = 0; i < results[0].size(); ++i) EXPECT_TRUE(results[0][i].equal(results[1][i])) << i;
}

TEST_F(RanksTrainTest, ABatchThatCannotBeSharedOutIsRefused) {
  TrainJob job = Job("none");
  job.launch = distributed::MakeLaunch(0, 3, 1);
  EXPECT_EQ(CheckJob(job).error().message, "'train.batch' of 16 cannot be shared out equally among 3 ranks");
}

TEST_F(RanksTrainTest, ALossThatIsNotFiniteOnOneRankEndsAll) {
  RunRanks(2, [&](Group* group) {
    TrainJob job = Job(group->is_root() ? "run" : "nothing");
    job.group = group;
    job.launch = distributed::MakeLaunch(group->rank(), 2, 0);
    if (!group->is_root()) SpoilConstants(&job.graph);
    const auto outcome = Train(job);
    ASSERT_FALSE(outcome.ok());
    EXPECT_THAT(outcome.error().message, testing::HasSubstr("the loss is not a finite number at iteration 1"));
  });
}

}  // namespace
}  // namespace lowbit::train
