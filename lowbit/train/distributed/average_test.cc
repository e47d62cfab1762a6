#include "lowbit/train/distributed/average.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "lowbit/train/distributed/test_ranks.h"

namespace lowbit::train::distributed {
namespace {

TEST(Average, IsTheMeanOverRanksWhateverTheBuffers) {
  RunRanks(4, [](Group* group) {
    const double rank = group->rank();
    // Ranks hold 0..3 times something: the mean is 1.5 times it. More than one buffer of 16 MiB, two types, an empty
    // tensor, one that is not contiguous.
    const at::Tensor big = at::full({5 << 20}, rank, at::kFloat), small = at::full({3}, 2 * rank, at::kFloat);
    const at::Tensor empty = at::empty({0}, at::kFloat), wide = at::full({2, 3}, rank, at::kDouble);
    const at::Tensor turned = at::arange(6, at::kFloat).view({2, 3}).t() * rank;
    Average({small, big, empty, turned, wide, small.clone()}, group);
    EXPECT_TRUE(small.eq(3).all().item<bool>());
    EXPECT_TRUE(big.eq(1.5).all().item<bool>());
    EXPECT_TRUE(wide.eq(1.5).all().item<bool>());
    EXPECT_TRUE(turned.equal(at::arange(6, at::kFloat).view({2, 3}).t() * 1.5));
  });
}

}  // namespace
}  // namespace lowbit::train::distributed
