// The tree itself: no include runs against the tables of ARCHITECTURE.md.

#include <gtest/gtest.h>

#include "lowbit/base/file.h"
#include "tests/architecture/include_rules.h"

namespace lowbit::architecture {
namespace {

TEST(TreeTest, NoIncludeRunsAgainstTheTable) {
  const std::string root = LOWBIT_SOURCE;
  const Result<std::string> markdown = ReadTextFile(root + "/ARCHITECTURE.md");
  ASSERT_TRUE(markdown.ok()) << markdown.error().message;
  const Result<Rules> rules = ParseRules(markdown.value());
  ASSERT_TRUE(rules.ok()) << rules.error().message;
  const auto includes = ReadIncludes(root, {"lowbit", "tests", "bench", "examples"});
  ASSERT_TRUE(includes.ok()) << includes.error().message;
  EXPECT_GT(includes.value().size(), 100u) << "the tree has more includes than that: the reader lost them";
  for (const std::string& violation : Violations(rules.value(), includes.value())) ADD_FAILURE() << violation;
}

}  // namespace
}  // namespace lowbit::architecture
