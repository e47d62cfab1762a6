#include "lowbit/train/distributed/agree.h"

#include <gtest/gtest.h>

#include <atomic>

#include "lowbit/train/distributed/test_ranks.h"

namespace lowbit::train::distributed {
namespace {

TEST(Agree, OneRankAgreesWithItself) {
  EXPECT_EQ(FromRoot("text", nullptr).value(), "text");
  EXPECT_TRUE(SameOnAll("text", nullptr).value());
  EXPECT_EQ(OnRoot([]() -> Status { return Invalid("no"); }, nullptr).error().message, "no");
}

TEST(Agree, TheRootsTextReachesAll) {
  RunRanks(3, [](Group* group) {
    const std::string own(static_cast<size_t>(5 - group->rank()), static_cast<char>('a' + group->rank()));
    EXPECT_EQ(FromRoot(own, group).value(), "aaaaa");
    EXPECT_EQ(FromRoot(group->is_root() ? "" : "not empty", group).value(), "");
  });
}

TEST(Agree, OnRootRunsOnceAndTellsAllHowItEnded) {
  std::atomic<int> calls{0};
  RunRanks(3, [&](Group* group) {
    const auto action = [&]() -> Status {
      ++calls;
      return Invalid("the folder is taken");
    };
    const Status status = OnRoot(action, group);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().kind, ErrorKind::kInvalid);
    EXPECT_EQ(status.error().message, "the folder is taken");
    EXPECT_EQ(OnRoot([]() -> Status { return Failed("disk"); }, group).error().kind, ErrorKind::kFailed);
    EXPECT_TRUE(OnRoot([]() -> Status { return Ok(); }, group).ok());
  });
  EXPECT_EQ(calls, 1);
}

TEST(Agree, OneOtherTextIsNoticedByAll) {
  RunRanks(3, [](Group* group) {
    EXPECT_TRUE(SameOnAll("same", group).value());
    EXPECT_FALSE(SameOnAll(group->rank() == 2 ? "other" : "same", group).value());
    EXPECT_FALSE(SameOnAll(group->rank() == 1 ? "longer than same" : "same", group).value());
  });
}

}  // namespace
}  // namespace lowbit::train::distributed
