// Ranks with a part of a batch each against libtorch's batch normalization of the whole batch.

#include "lowbit/train/distributed/sync_batch_norm.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>

#include "lowbit/train/distributed/test_ranks.h"

namespace lowbit::train::distributed {
namespace {

constexpr double kEpsilon = 1e-5, kNewest = 0.2;
constexpr int64_t kBatch = 8;

at::Tensor Noise(at::IntArrayRef shape, uint64_t seed) {
  return at::randn(shape, at::detail::createCPUGenerator(seed), at::kDouble);
}

// One batch normalization, and how its output is weighted in the loss.
struct Case {
  explicit Case(at::IntArrayRef shape)
      : x(Noise(shape, 1) * 3 + 5), weights(Noise(shape, 2)), scale(Noise({shape[1]}, 3)), shift(Noise({shape[1]}, 4)) {
    mean = Noise({shape[1]}, 5);
    variance = Noise({shape[1]}, 6).abs();
  }
  at::Tensor x, weights, scale, shift, mean, variance;
};

struct Outcome {
  at::Tensor y, x_gradient, scale_gradient, shift_gradient, mean, variance;
};

Outcome OfOneRank(const Case& test) {
  const at::Tensor x = test.x.clone().requires_grad_(true), scale = test.scale.clone().requires_grad_(true),
                   shift = test.shift.clone().requires_grad_(true);
  const at::Tensor mean = test.mean.clone(), variance = test.variance.clone();
  const at::Tensor y = at::batch_norm(x, scale, shift, mean, variance, true, kNewest, kEpsilon, false);
  (y * test.weights).sum().backward();
  return {y.detach(), x.grad(), scale.grad(), shift.grad(), mean, variance};
}

Outcome OfRank(const Case& test, Group* group) {
  const int64_t share = kBatch / group->ranks(), first = group->rank() * share;
  const at::Tensor x = test.x.slice(0, first, first + share).clone().requires_grad_(true);
  const at::Tensor scale = test.scale.clone().requires_grad_(true), shift = test.shift.clone().requires_grad_(true);
  const at::Tensor mean = test.mean.clone(), variance = test.variance.clone();
  const at::Tensor y = SyncBatchNorm(x, scale, shift, {mean, variance, kNewest}, kEpsilon, group);
  (y * test.weights.slice(0, first, first + share)).sum().backward();
  group->Sum(scale.grad());
  group->Sum(shift.grad());
  return {y.detach(), x.grad(), scale.grad(), shift.grad(), mean, variance};
}

// Sums of at most 8 * 36 products of values below 100 in double, in another order, divided by deviations of about 3.
constexpr double kTolerance = 1e-11;

void ExpectNear(const at::Tensor& a, const at::Tensor& b, const char* what) {
  EXPECT_LT((a - b).abs().max().item<double>(), kTolerance) << what;
}

void ExpectPartOf(const Outcome& whole, const Outcome& part, const Group& group) {
  const int64_t share = kBatch / group.ranks(), first = group.rank() * share;
  ExpectNear(part.y, whole.y.slice(0, first, first + share), "y");
  ExpectNear(part.x_gradient, whole.x_gradient.slice(0, first, first + share), "gradient of x");
  ExpectNear(part.scale_gradient, whole.scale_gradient, "gradient of scale");
  ExpectNear(part.shift_gradient, whole.shift_gradient, "gradient of shift");
  ExpectNear(part.mean, whole.mean, "running mean");
  ExpectNear(part.variance, whole.variance, "running variance");
}

TEST(SyncBatchNorm, EqualsBatchNormOfTheWholeBatch) {
  for (const std::vector<int64_t>& shape : {std::vector<int64_t>{kBatch, 3, 6, 6}, std::vector<int64_t>{kBatch, 5}}) {
    const Case test(shape);
    const Outcome whole = OfOneRank(test);
    for (const int ranks : {2, 4, 8}) {
      RunRanks(ranks, [&](Group* group) { ExpectPartOf(whole, OfRank(test, group), *group); });
    }
  }
}

TEST(SyncBatchNorm, TakesChannelsLast) {
  Case test({kBatch, 3, 6, 6});
  const Outcome whole = OfOneRank(test);
  test.x = test.x.contiguous(at::MemoryFormat::ChannelsLast);
  RunRanks(2, [&](Group* group) { ExpectPartOf(whole, OfRank(test, group), *group); });
}

TEST(SyncBatchNorm, AConstantChannelGivesItsShift) {
  RunRanks(2, [](Group* group) {
    const at::Tensor x = at::full({2, 1, 2, 2}, 1000.0, at::kFloat);
    const at::Tensor mean = at::zeros({1}), variance = at::ones({1});
    const at::Tensor y = SyncBatchNorm(x, at::ones({1}), at::full({1}, 0.5), {mean, variance, 1}, kEpsilon, group);
    // 1000 times a scale of 1 / sqrt(1e-5) is 3e5, of which float keeps 24 bits.
    EXPECT_LT((y - 0.5).abs().max().item<double>(), 3e5 * std::ldexp(1, -23));
    EXPECT_EQ(variance.item<double>(), 0);
  });
}

}  // namespace
}  // namespace lowbit::train::distributed
