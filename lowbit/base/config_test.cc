#include "lowbit/base/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

namespace lowbit {
namespace {

using ::testing::ElementsAre;

Config Value(Config value, const char* where = "r.toml:3") {
  value.where = where;
  return value;
}

Config List(std::vector<Config> entries) { return Config{ConfigArray(std::move(entries)), ""}; }

Config Table(ConfigTable entries) { return Config{std::move(entries), ""}; }

template <typename T>
Config Of(T value) {
  return Config{std::move(value), "r.toml:3"};
}

Config OfInt(int64_t value) { return Of(value); }
Config OfText(const char* value) { return Of(std::string(value)); }

Config Sample() {
  return Table({{"flag", Of(true)},
                {"epochs", OfInt(7)},
                {"rate", Of(0.5)},
                {"name", OfText("twn")},
                {"floats", List({Of(0.5), OfInt(2)})},
                {"ints", List({OfInt(1), OfInt(2)})},
                {"names", List({OfText("a"), OfText("b")})},
                {"inner", Table({{"key", OfInt(1)}})}});
}

TEST(ConfigReader, ReadsEveryType) {
  const Config config = Sample();
  ConfigReader reader(config, "");
  EXPECT_TRUE(reader.Bool("flag", false));
  EXPECT_EQ(reader.Int("epochs", 1), 7);
  EXPECT_EQ(reader.Float("rate", 1), 0.5);
  EXPECT_EQ(reader.String("name", ""), "twn");
  EXPECT_THAT(reader.Floats("floats", {}), ElementsAre(0.5, 2));
  EXPECT_THAT(reader.Ints("ints", {}), ElementsAre(1, 2));
  EXPECT_THAT(reader.Strings("names", {}), ElementsAre("a", "b"));
  ConfigReader inner(reader.Table("inner"), "inner");
  EXPECT_EQ(inner.Int("key", 0), 1);
  EXPECT_TRUE(inner.Finish().ok());
  EXPECT_TRUE(reader.Finish().ok());
  EXPECT_TRUE(reader.Has("flag"));
  EXPECT_FALSE(reader.Has("flags"));
}

TEST(ConfigReader, GivesDefaultsForWhatIsMissing) {
  const Config config;
  ConfigReader reader(config, "train");
  EXPECT_TRUE(reader.Bool("a", true));
  EXPECT_EQ(reader.Int("b", 3, 5, 6), 3);  // A default is the program's own and not checked.
  EXPECT_EQ(reader.Float("c", 0.5), 0.5);
  EXPECT_EQ(reader.String("d", "x", {"y"}), "x");
  EXPECT_THAT(reader.Floats("e", {1}), ElementsAre(1));
  EXPECT_THAT(reader.Ints("f", {2}), ElementsAre(2));
  EXPECT_THAT(reader.Strings("g", {"h"}), ElementsAre("h"));
  EXPECT_TRUE(std::get<ConfigTable>(reader.Table("i").value).empty());
  EXPECT_TRUE(reader.Finish().ok());
}

TEST(ConfigReader, AnIntegerIsANumber) {
  const Config config = Table({{"rate", OfInt(2)}});
  ConfigReader reader(config, "");
  EXPECT_EQ(reader.Float("rate", 0), 2.0);
  EXPECT_TRUE(reader.Finish().ok());
}

struct Rejection {
  const char* name;
  Config value;
  std::function<void(ConfigReader&)> read;
  const char* message;
};

TEST(ConfigReader, RejectsWrongTypesAndRanges) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  const std::vector<Rejection> rejections = {
      {"bool", OfInt(1), [](auto& r) { EXPECT_TRUE(r.Bool("k", true)); }, "true or false"},
      {"int", Of(1.5), [](auto& r) { EXPECT_EQ(r.Int("k", 9), 9); }, "an integer"},
      {"int low", OfInt(0), [](auto& r) { EXPECT_EQ(r.Int("k", 9, 1), 9); }, "an integer of at least 1"},
      {"int high", OfInt(5), [](auto& r) { r.Int("k", 9, 1, 4); }, "an integer in 1..4"},
      {"float", OfText("x"), [](auto& r) { EXPECT_EQ(r.Float("k", 9), 9); }, "a number"},
      {"float range", Of(1.5), [](auto& r) { r.Float("k", 9, 0, 1); }, "a number in 0..1"},
      {"float below", Of(2.0), [](auto& r) { r.Float("k", 9, -1e300, 1); }, "a number of at most 1"},
      {"nan", Of(nan), [](auto& r) { r.Float("k", 9); }, "a number"},
      {"infinity", Of(infinity), [](auto& r) { r.Float("k", 9, 0); }, "a number of at least 0"},
      {"string", OfInt(1), [](auto& r) { EXPECT_EQ(r.String("k", "d"), "d"); }, "a string"},
      {"choice", OfText("twm"),
       [](auto& r) {
         r.String("k", "d", {"bwn", "twn"});
       },
       "one of bwn, twn; 'twm' is nearest to 'twn'"},
      {"floats", OfInt(1), [](auto& r) { EXPECT_THAT(r.Floats("k", {9}), ElementsAre(9)); },
       "a list, each entry a number"},
      {"floats entry", List({Of(2.0)}), [](auto& r) { r.Floats("k", {}, 0, 1); },
       "a list, each entry a number in 0..1"},
      {"ints", List({Of(1.5)}), [](auto& r) { r.Ints("k", {}); }, "a list, each entry an integer"},
      {"strings", List({OfInt(1)}), [](auto& r) { r.Strings("k", {}); }, "a list of strings"},
      {"table", OfInt(1), [](auto& r) { r.Table("k"); }, "a table"}};
  for (const Rejection& rejection : rejections) {
    const Config config = Table({{"k", Value(rejection.value)}});
    ConfigReader reader(config, "train");
    rejection.read(reader);
    const Status status = reader.Finish();
    ASSERT_FALSE(status.ok()) << rejection.name;
    EXPECT_EQ(status.error().message, std::string("r.toml:3: 'train.k' must be ") + rejection.message);
    EXPECT_EQ(status.error().kind, ErrorKind::kInvalid);
  }
}

TEST(ConfigReader, NamesAnUnknownKeyAndItsNearest) {
  const Config config = Table({{"epoch", OfInt(3)}});
  ConfigReader reader(config, "train");
  reader.Int("epochs", 1);
  reader.Float("rate", 1);
  EXPECT_EQ(reader.Finish().error().message,
            "r.toml:3: unknown key 'epoch'; did you mean 'epochs'? known: epochs, rate in [train]");
}

TEST(ConfigReader, KeepsTheFirstError) {
  const Config config = Table({{"a", OfInt(0)}, {"b", OfInt(0)}, {"c", OfInt(0)}});
  ConfigReader reader(config, "");
  reader.Int("b", 1, 1);
  reader.Reject("a", "something else");
  EXPECT_EQ(reader.Finish().error().message, "r.toml:3: 'b' must be an integer of at least 1");
}

TEST(ConfigReader, RejectIsTheCallersOwnRule) {
  const Config config = Table({{"a", OfInt(0)}});
  ConfigReader reader(config, "x");
  reader.Int("a", 1);
  reader.Reject("a", "a power of two");
  EXPECT_EQ(reader.Finish().error().message, "r.toml:3: 'x.a' must be a power of two");
}

TEST(ConfigReader, AValueIsNoTable) {
  const Config config = OfInt(3);
  ConfigReader reader(config, "train");
  EXPECT_EQ(reader.Int("a", 5), 5);
  EXPECT_EQ(reader.Finish().error().message, "r.toml:3: 'train' must be a table");
}

}  // namespace
}  // namespace lowbit
