#include "lowbit/base/version.h"

#include <gtest/gtest.h>

#include <regex>
#include <string>

namespace lowbit {
namespace {

TEST(VersionTest, IsThreeNumbers) { EXPECT_TRUE(std::regex_match(Version(), std::regex(R"(\d+\.\d+\.\d+)"))); }

TEST(VersionTest, CommitIsADescriptionOrUnknown) {
  const std::regex described("(v[^ ]+-g)?[0-9a-f]{12}(-dirty)?|v[^ ]+");
  EXPECT_TRUE(std::string(Commit()) == "unknown" || std::regex_match(Commit(), described)) << Commit();
}

}  // namespace
}  // namespace lowbit
