#include "lowbit/recipe/key_depth.h"

#include <gtest/gtest.h>

namespace lowbit::recipe {
namespace {

// "a.a.a" of as many parts.
std::string Key(int64_t parts, const std::string& part = "a") {
  std::string key = part;
  for (int64_t i = 1; i < parts; ++i) key += "." + part;
  return key;
}

TEST(FindLongKey, TellsWhereAKeyIsTooLong) {
  EXPECT_EQ(FindLongKey(Key(kMaxKeyParts) + " = 1"), -1);
  EXPECT_EQ(FindLongKey(Key(kMaxKeyParts + 1) + " = 1"), 2 * kMaxKeyParts - 1);
  EXPECT_EQ(FindLongKey("x = 1\n[" + Key(kMaxKeyParts + 1) + "]"), 7 + 2 * kMaxKeyParts - 1);
}

TEST(FindLongKey, SeesItWhereverAKeyStands) {
  for (const char* part : {"a", "\"a\"", "'a'", "\"a.b\"", "a ", " a", "\"\\\"\"", "\"=\"", "'#'"}) {
    const std::string key = Key(kMaxKeyParts + 1, part);
    for (const char* before : {"", "[", "[[", "b = {", "b = {c = 1, ", "b = \"\"\"x\"\"\"\"\"\n", "b = '''\n'''\n",
                               "b = \"\\\\\"\n", "b = {c = '''\"''', ", "b = [{", "# '\n", "b = ''\n"}) {
      EXPECT_GE(FindLongKey(before + key), 0) << before << part;
    }
  }
}

TEST(FindLongKey, PassesOverTextAndNumbers) {
  const std::string dots = Key(1000);
  for (const std::string& text : {"b = \"" + dots + "\"", "b = '" + dots + "'", "b = \"\"\"\n" + dots + "\n\"\"\"",
                                  "b = '''\n" + dots + "'''", "# " + dots, "b = \"\\\"" + dots + "\""}) {
    EXPECT_EQ(FindLongKey(text), -1) << text.substr(0, 10);
  }
  std::string list = "b = [0.5";
  for (int i = 0; i < 1000; ++i) list += ", 0.5";
  EXPECT_EQ(FindLongKey(list + "]"), -1);
  std::string lines;
  for (int i = 0; i < 1000; ++i) lines += "a.b = 1\n";
  EXPECT_EQ(FindLongKey(lines), -1);
}

}  // namespace
}  // namespace lowbit::recipe
