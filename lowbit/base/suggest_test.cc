#include "lowbit/base/suggest.h"

#include <gtest/gtest.h>

namespace lowbit {
namespace {

TEST(NearestName, HasTheSmallestEditDistance) {
  const std::vector<std::string> known = {"epochs", "batch", "rate"};
  EXPECT_EQ(NearestName("epoch", known), "epochs");    // One letter missing.
  EXPECT_EQ(NearestName("epochss", known), "epochs");  // One too many.
  EXPECT_EQ(NearestName("botch", known), "batch");     // One changed.
  EXPECT_EQ(NearestName("rate", known), "rate");
  EXPECT_EQ(NearestName("", known), "rate");     // The shortest.
  EXPECT_EQ(NearestName("x", {"b", "a"}), "b");  // Of equals the first.
  EXPECT_EQ(NearestName("x", {}), "");
}

TEST(UnknownName, ListsTheKnownOnes) {
  EXPECT_EQ(UnknownName("key", "epoch", {"epochs", "rate"}),
            "unknown key 'epoch'; did you mean 'epochs'? known: epochs, rate");
  EXPECT_EQ(UnknownName("key", "epoch", {}), "unknown key 'epoch'");
}

TEST(Join, PutsTheSeparatorBetween) {
  EXPECT_EQ(Join({}), "");
  EXPECT_EQ(Join({"a"}), "a");
  EXPECT_EQ(Join({"", "a", ""}, "|"), "|a|");
  EXPECT_EQ(Join({"a", "b", "c"}), "a, b, c");
  EXPECT_EQ(Join({"a", "b"}, "+"), "a+b");
}

}  // namespace
}  // namespace lowbit
