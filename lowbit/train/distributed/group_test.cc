// Ranks that find each other, add, and lose each other.

#include "lowbit/train/distributed/group.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "lowbit/train/distributed/endpoint.h"
#include "lowbit/train/distributed/lost_ranks.h"
#include "lowbit/train/distributed/test_ranks.h"

namespace lowbit::train::distributed {
namespace {

using ::testing::HasSubstr;

TEST(Group, OneRankIsNull) {
  EXPECT_EQ(Join(Launch(), "cpu").value(), nullptr);
  EXPECT_TRUE(IsRoot(nullptr));
}

TEST(Group, SumsAndBroadcasts) {
  for (const int ranks : {2, 4}) {
    RunRanks(ranks, [ranks](Group* group) {
      EXPECT_EQ(group->ranks(), ranks);
      EXPECT_EQ(IsRoot(group), group->rank() == 0);
      const at::Tensor sum = at::full({3, 2}, group->rank() + 1, at::kDouble);
      group->Sum(sum);
      EXPECT_TRUE(sum.eq(ranks * (ranks + 1) / 2).all().item<bool>());
      // Not contiguous, a gradient wanted, and integers: the elements are replaced in place all the same.
      const at::Tensor turned = at::full({2, 3}, group->rank(), at::kFloat).t().requires_grad_(true);
      group->Broadcast(turned);
      EXPECT_TRUE(turned.eq(0).all().item<bool>());
      const at::Tensor whole = at::full({1}, group->rank(), at::kLong);
      group->Sum(whole);
      EXPECT_EQ(whole.item<int64_t>(), ranks * (ranks - 1) / 2);
    });
  }
}

TEST(Group, SumsAreTheSameBitsOnEveryRank) {
  constexpr int kRanks = 4;
  std::vector<at::Tensor> sums(kRanks);
  RunRanks(kRanks, [&](Group* group) {
    at::Generator random = at::detail::createCPUGenerator(static_cast<uint64_t>(group->rank()) + 1);
    const at::Tensor sum = at::randn({100003}, random, at::kFloat);
    group->Sum(sum);
    sums[static_cast<size_t>(group->rank())] = sum;
  });
  for (const at::Tensor& sum : sums) EXPECT_TRUE(sum.equal(sums[0]));
}

TEST(Group, ARankThatEndsIsASentenceOnTheOthers) {
  RunRanks(2, [](Group* group) {
    if (group->rank() == 1) return;
    const at::Tensor tensor = at::zeros({10});
    try {
      group->Sum(tensor);
      FAIL() << "nothing was thrown";
    } catch (const LostRanks& error) {
      EXPECT_THAT(error.what(), HasSubstr("rank 0 of 2 lost contact with another rank"));
      EXPECT_THAT(error.what(), HasSubstr("--resume"));
      EXPECT_THAT(error.what(), ::testing::Not(HasSubstr("\n")));
    }
  });
}

TEST(Group, RanksThatDoNotComeAreMissed) {
  const auto alone = Join(MakeLaunch(0, 2, FreePort(), 1), "cpu");
  ASSERT_FALSE(alone.ok());
  EXPECT_THAT(alone.error().message, HasSubstr("rank 0: not all 2 ranks came within 1 s"));
  const auto nobody = Join(MakeLaunch(1, 2, FreePort(), 1), "cpu");
  ASSERT_FALSE(nobody.ok());
  EXPECT_THAT(nobody.error().message, HasSubstr("did not answer within 1 s: Connection refused"));
}

TEST(Group, APortInUseAndAnUnknownHostAreNamed) {
  const int file = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in any = {};
  any.sin_family = AF_INET;
  socklen_t size = sizeof(any);
  ASSERT_EQ(bind(file, reinterpret_cast<sockaddr*>(&any), size), 0);
  ASSERT_EQ(listen(file, 1), 0);
  ASSERT_EQ(getsockname(file, reinterpret_cast<sockaddr*>(&any), &size), 0);
  const auto taken = Join(MakeLaunch(0, 2, ntohs(any.sin_port), 1), "cpu");
  close(file);
  ASSERT_FALSE(taken.ok());
  EXPECT_THAT(taken.error().message, HasSubstr("(MASTER_PORT): Address already in use"));
  Launch launch = MakeLaunch(1, 2, 29500, 1);
  launch.address = "no such host";
  const auto unknown = Join(launch, "cpu");
  ASSERT_FALSE(unknown.ok());
  EXPECT_THAT(unknown.error().message, HasSubstr("'no such host', is not known here"));
}

TEST(Endpoint, TheWayToTheLoopbackIsTheLoopback) {
  EXPECT_EQ(LocalAddressTowards("127.0.0.1", 1).value(), "127.0.0.1");
}

}  // namespace
}  // namespace lowbit::train::distributed
