#include "lowbit/recipe/toml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <filesystem>

#include "lowbit/base/file.h"

namespace lowbit::recipe {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

Config Parsed(const std::string& text) {
  Result<Config> parsed = ParseRecipeText(text, "r.toml");
  EXPECT_TRUE(parsed.ok()) << (parsed.ok() ? "" : parsed.error().message);
  return parsed.ok() ? parsed.value() : Config();
}

std::string ParseError(const std::string& text) {
  const Result<Config> parsed = ParseRecipeText(text, "r.toml");
  EXPECT_FALSE(parsed.ok()) << text;
  return parsed.ok() ? "" : parsed.error().message;
}

std::string Repeated(const std::string& text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

const Config& At(const Config& config, const std::string& key) { return std::get<ConfigTable>(config.value).at(key); }

TEST(ParseRecipe, KeepsTypesAndLines) {
  const Config config = Parsed("a = 1\nb = 0.5\nc = true\n[d]\ne = \"x\"\nf = [1,\n 2.5]\n");
  EXPECT_EQ(std::get<int64_t>(At(config, "a").value), 1);
  EXPECT_EQ(std::get<double>(At(config, "b").value), 0.5);
  EXPECT_EQ(std::get<bool>(At(config, "c").value), true);
  EXPECT_EQ(At(config, "c").where, "r.toml:3");
  EXPECT_EQ(At(config, "d").where, "r.toml:4");
  EXPECT_EQ(std::get<std::string>(At(At(config, "d"), "e").value), "x");
  EXPECT_EQ(At(At(config, "d"), "e").where, "r.toml:5");
  const auto& array = std::get<ConfigArray>(At(At(config, "d"), "f").value);
  ASSERT_EQ(array.size(), 2u);
  EXPECT_EQ(array[1].where, "r.toml:7");
}

TEST(ParseRecipe, BrokenTextIsOneSentenceWithItsPlace) {
  EXPECT_THAT(ParseError("a = 1\nb = \n"), StartsWith("r.toml:2:5: not TOML: "));
  EXPECT_THAT(ParseError("a = 1\na = 2\n"), StartsWith("r.toml:2:"));
  EXPECT_THAT(ParseError("[t]\n[t]\n"), StartsWith("r.toml:2:"));
  EXPECT_THAT(ParseError("a = [1, 2"), StartsWith("r.toml:1:"));
  EXPECT_THAT(ParseError("a = \"\xFF\""), StartsWith("r.toml:1:"));
  EXPECT_THAT(ParseError(std::string("a = 1\0", 6)), StartsWith("r.toml:1:"));
  EXPECT_THAT(ParseError("a = 99999999999999999999"), StartsWith("r.toml:1:"));
  EXPECT_EQ(ParseError("a = 1\nb = ").find('\n'), std::string::npos);
}

TEST(ParseRecipe, RefusesDates) {
  EXPECT_THAT(ParseError("a = 1\nb = 2020-01-01\n"), StartsWith("r.toml:2: dates and times"));
  EXPECT_THAT(ParseError("a = [10:00:00]"), StartsWith("r.toml:1: dates and times"));
}

TEST(ParseRecipe, DeepNestingIsAnError) {
  EXPECT_THAT(ParseError("a = " + std::string(100000, '[')), StartsWith("r.toml:1:"));
  const std::string key = "a" + Repeated(".a", 100000);
  std::string nested = "1";
  EXPECT_THAT(ParseError("b = 1\n" + key + " = 1"), HasSubstr("r.toml:2: a key has more than 32 parts"));
  EXPECT_THAT(ParseError("[" + key + "]"), HasSubstr("r.toml:1: a key has more than 32 parts"));
  // As deep as both limits let it be.
  const std::string part = key.substr(0, 2 * 32 - 1) + " = ";
  for (int i = 0; i < 250; ++i) nested = "{" + part + nested + "}";
  EXPECT_TRUE(ParseRecipeText(part + nested, "r.toml").ok());
}

TEST(ParseRecipe, ReadsFiles) {
  const std::string path = ::testing::TempDir() + "lowbit_recipe_parse.toml";
  ASSERT_TRUE(WriteFileAtomic(path, "a = 3\n").ok());
  Result<Config> parsed = ParseRecipe(path);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(At(parsed.value(), "a").where, path + ":1");
  ASSERT_TRUE(WriteFileAtomic(path, std::string((1 << 20) + 1, '#')).ok());
  EXPECT_FALSE(ParseRecipe(path).ok());
  std::remove(path.c_str());
  parsed = ParseRecipe(path);
  ASSERT_FALSE(parsed.ok());
  EXPECT_THAT(parsed.error().message, HasSubstr(path));
}

TEST(ParseRecipe, EveryTruncationParsesOrIsAnError) {
  const std::string text =
      "name = \"x\"\n[train]\nepochs = 3 # three\nlist = [0.5, 1e-3]\n[train.\"od d\"]\nk = '''\na'''\n";
  for (size_t size = 0; size < text.size(); ++size) {
    const Result<Config> parsed = ParseRecipeText(text.substr(0, size), "r.toml");
    if (parsed.ok()) continue;
    EXPECT_THAT(parsed.error().message, StartsWith("r.toml:")) << size;
  }
}

bool Same(const Config& a, const Config& b) {
  if (a.value.index() != b.value.index()) return false;
  if (const auto* x = std::get_if<ConfigArray>(&a.value)) {
    const auto& y = std::get<ConfigArray>(b.value);
    return std::equal(x->begin(), x->end(), y.begin(), y.end(), Same);
  }
  if (const auto* x = std::get_if<ConfigTable>(&a.value)) {
    const auto& y = std::get<ConfigTable>(b.value);
    return std::equal(x->begin(), x->end(), y.begin(), y.end(),
                      [](const auto& m, const auto& n) { return m.first == n.first && Same(m.second, n.second); });
  }
  if (const double* x = std::get_if<double>(&a.value)) {
    const double y = std::get<double>(b.value);
    return *x == y || (std::isnan(*x) && std::isnan(y));
  }
  if (const auto* x = std::get_if<std::string>(&a.value)) return *x == std::get<std::string>(b.value);
  if (const auto* x = std::get_if<int64_t>(&a.value)) return *x == std::get<int64_t>(b.value);
  return std::get<bool>(a.value) == std::get<bool>(b.value);
}

TEST(ToToml, RoundTrips) {
  const Config config = Parsed(R"(
whole = 100.0
tiny = 1e-300
third = 0.3333333333333333
huge = 1.7976931348623157e308
minus = -0.0
infinite = -inf
undefined = nan
least = -9223372036854775808
text = "quote \" slash \\ line \n bell \u0007 del \u007F umlaut ä"
"odd key.with dot" = true
"" = 1
empty_list = []
mixed = [1, 0.5, "a", [true], {k = 1, "x y" = 2.0}]
[z]
[a.b.c]
deep = 1
["a"."q.r"]
v = 2
)");
  const std::string text = ToToml(config);
  EXPECT_TRUE(Same(Parsed(text), config)) << text;
  EXPECT_EQ(ToToml(Parsed(text)), text);
}

TEST(ToToml, WritesReadableText) {
  EXPECT_EQ(ToToml(Parsed("b = 1.0\n[t]\nc = [1, 2]\n[t.u]\nd = false\n")),
            "b = 1.0\n\n[t]\nc = [1, 2]\n\n[t.u]\nd = false\n");
}

std::string OverrideError(Config config, const std::string& assignment) {
  const std::string before = ToToml(config);
  const Status status = ApplyOverride(&config, assignment);
  EXPECT_FALSE(status.ok()) << assignment;
  EXPECT_EQ(ToToml(config), before);
  return status.ok() ? "" : status.error().message;
}

TEST(ApplyOverride, SetsEveryType) {
  Config config = Parsed("[train]\nepochs = 1\n");
  for (const char* assignment : {"train.epochs=5", "train.learning_rate=0.5", "model.name=vgg9",
                                 "data.path=/some folder/x=y", "quantize.skip=[\"a\"]", "train.amp=true",
                                 "name=\"a b\"", "description=2020-01-01", "model.options={k = 1}", " seed = 7 "}) {
    const Status status = ApplyOverride(&config, assignment);
    EXPECT_TRUE(status.ok()) << assignment;
  }
  EXPECT_EQ(ToToml(config),
            "description = \"2020-01-01\"\nname = \"a b\"\nseed = 7\n\n[data]\npath = \"/some folder/x=y\"\n\n"
            "[model]\nname = \"vgg9\"\n\n[model.options]\nk = 1\n\n[quantize]\nskip = [\"a\"]\n\n"
            "[train]\namp = true\nepochs = 5\nlearning_rate = 0.5\n");
  EXPECT_EQ(At(At(config, "train"), "epochs").where, "--set train.epochs=5");
}

TEST(ApplyOverride, AnEmptyValueIsAnEmptyString) {
  Config config;
  ASSERT_TRUE(ApplyOverride(&config, "data.path=").ok());
  EXPECT_EQ(std::get<std::string>(At(At(config, "data"), "path").value), "");
}

TEST(ApplyOverride, RefusesWhatIsNoAssignment) {
  const Config config = Parsed("[train]\nepochs = 1\n");
  EXPECT_THAT(OverrideError(config, "train.epochs"), HasSubstr("expected key.path=value"));
  EXPECT_THAT(OverrideError(config, "=1"), HasSubstr("empty"));
  EXPECT_THAT(OverrideError(config, "a..b=1"), HasSubstr("empty"));
  EXPECT_THAT(OverrideError(config, "train.epochs.x=1"), HasSubstr("'train.epochs' is a value"));
  EXPECT_THAT(OverrideError(config, "a" + Repeated(".a", 100000) + "=1"), HasSubstr("the key has more than 32 parts"));
  EXPECT_THAT(OverrideError(config, "new.list=[1,"), HasSubstr("not a complete TOML"));
  EXPECT_THAT(OverrideError(config, "name=\"half"), HasSubstr("not a complete TOML"));
}

TEST(ApplyOverride, CannotSmuggleInASecondKey) {
  Config config;
  ASSERT_TRUE(ApplyOverride(&config, "a=1\nb = 2").ok());
  EXPECT_EQ(std::get<std::string>(At(config, "a").value), "1\nb = 2");
}

}  // namespace
}  // namespace lowbit::recipe
