#include "lowbit/recipe/sweep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowbit/recipe/toml.h"

namespace lowbit::recipe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string kBase = "name = \"study\"\nseed = 9\n[train]\nepochs = 2\n";

Result<std::vector<SweepRun>> Expand(const std::string& sweep, const std::vector<std::string>& fixed = {}) {
  LOWBIT_TRY(const Config config, ParseRecipeText(kBase + sweep, "s.toml"));
  EXPECT_TRUE(IsSweep(config));
  return ExpandSweep(config, fixed);
}

std::vector<SweepRun> Good(const std::string& sweep) {
  Result<std::vector<SweepRun>> runs = Expand(sweep);
  EXPECT_TRUE(runs.ok()) << (runs.ok() ? "" : runs.error().message);
  return runs.ok() ? std::move(runs).value() : std::vector<SweepRun>();
}

std::vector<std::string> Names(const std::string& sweep) {
  std::vector<std::string> names;
  for (const SweepRun& run : Good(sweep)) names.push_back(run.name);
  return names;
}

std::string Bad(const std::string& sweep, const std::vector<std::string>& fixed = {}) {
  const Result<std::vector<SweepRun>> runs = Expand(sweep, fixed);
  EXPECT_FALSE(runs.ok()) << sweep;
  return runs.ok() ? "" : runs.error().message;
}

TEST(ExpandSweep, ListsSeeds) {
  const std::vector<SweepRun> runs = Good("[sweep]\nseed = [3, 1]\n");
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0].name, "seed=3");
  EXPECT_EQ(runs[0].group, "");
  EXPECT_EQ(runs[0].recipe.seed, 3);
  EXPECT_EQ(runs[0].recipe.name, "study/seed=3");
  EXPECT_EQ(runs[1].recipe.seed, 1);
  // A plain recipe, which reads as what the sweep says it is.
  const Result<Config> alone = ParseRecipeText(ToToml(runs[0].config), "recipe.toml");
  ASSERT_TRUE(alone.ok());
  EXPECT_FALSE(IsSweep(alone.value()));
  EXPECT_EQ(ToToml(alone.value()), "name = \"study/seed=3\"\nseed = 3\n\n[train]\nepochs = 2\n");
}

TEST(ExpandSweep, MakesTheCrossProduct) {
  const std::string sweep = "[sweep]\nseed = [1, 2]\n\"train.learning_rate\" = [0.1, 0.05]\ntrain.batch = [32, 64]\n";
  EXPECT_THAT(Names(sweep), ElementsAre("batch=32,learning_rate=0.1,seed=1", "batch=32,learning_rate=0.1,seed=2",
                                        "batch=32,learning_rate=0.05,seed=1", "batch=32,learning_rate=0.05,seed=2",
                                        "batch=64,learning_rate=0.1,seed=1", "batch=64,learning_rate=0.1,seed=2",
                                        "batch=64,learning_rate=0.05,seed=1", "batch=64,learning_rate=0.05,seed=2"));
  const SweepRun run = Good(sweep)[6];
  EXPECT_EQ(run.group, "batch=64,learning_rate=0.05");
  EXPECT_EQ(run.recipe.train.batch, 64);
  EXPECT_EQ(run.recipe.train.learning_rate, 0.05);
  EXPECT_EQ(run.recipe.seed, 1);
}

TEST(ExpandSweep, ReadsVariants) {
  const std::vector<SweepRun> runs = Good(
      "[sweep]\nseed = [1, 2]\n[[sweep.variant]]\nname = \"float\"\n"
      "[[sweep.variant]]\nname = \"sq-twn\"\nset = [\"quantize.method=twn\", \"quantize.policy=sq\"]\n");
  ASSERT_EQ(runs.size(), 4u);
  EXPECT_EQ(runs[0].name, "float,seed=1");
  EXPECT_EQ(runs[0].recipe.quantize.method, "none");
  EXPECT_EQ(runs[3].name, "sq-twn,seed=2");
  EXPECT_EQ(runs[3].group, "sq-twn");
  EXPECT_EQ(runs[3].recipe.quantize.policy, QuantizeSection::Policy::kSq);
}

TEST(ExpandSweep, StringsMayNameTheSeed) {
  const std::vector<SweepRun> runs =
      Good("[sweep]\nseed = [1, 12]\n[[sweep.variant]]\nname = \"a\"\nset = [\"model.weights=x,seed=$seed\"]\n");
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0].recipe.model.weights, "x,seed=1");
  EXPECT_EQ(runs[1].recipe.model.weights, "x,seed=12");
}

TEST(ExpandSweep, NamesAreFitForFolders) {
  EXPECT_THAT(
      Names("[quantize]\nmethod = \"twn\"\npolicy = \"sq\"\n"
            "[sweep]\n\"quantize.sq.ramp\" = [[0.5, 1.0], [1.0]]\n\"data.path\" = [\"/a b/../c\", \"\"]\n"),
      ElementsAre("path=a-b-..-c,ramp=0.5-1.0", "path=a-b-..-c,ramp=1.0", "path=,ramp=0.5-1.0", "path=,ramp=1.0"));
  // Keys that end alike are told apart.
  EXPECT_THAT(Names("[sweep]\n\"data.name\" = [\"mnist\"]\n\"model.name\" = [\"vgg9\"]\n"),
              ElementsAre("data.name=mnist,model.name=vgg9"));
}

TEST(ExpandSweep, ValuesKeepTheirNamesWhenOthersAreAdded) {
  EXPECT_EQ(Names("[sweep]\nseed = [1]\n")[0], Names("[sweep]\nseed = [1, 2, 1000]\n")[0]);
}

TEST(ExpandSweep, RefusesListsThatMeanNothing) {
  EXPECT_THAT(Bad("[sweep]\n"), HasSubstr("at least one key"));
  EXPECT_THAT(Bad("[sweep]\nseed = []\n"), StartsWith("s.toml:6: 'sweep.seed' must be a list of at least one value"));
  EXPECT_THAT(Bad("[sweep]\nseed = 3\n"), HasSubstr("'sweep.seed' must be a list"));
  EXPECT_THAT(Bad("[sweep]\nseed = [1, 2, 1]\n"), HasSubstr("'sweep.seed' lists 1 twice"));
  EXPECT_THAT(Bad("[sweep]\n\"train.learning_rate\" = [1, 1.0]\n"), HasSubstr("lists 1.0 twice"));
  EXPECT_THAT(Bad("[sweep]\n\"train.batch\" = [1]\n[sweep.train]\nbatch = [2]\n"), HasSubstr("is listed twice"));
  EXPECT_THAT(Bad("[sweep]\nmodel = [{name = \"vgg9\"}]\n"), HasSubstr("[[sweep.variant]]"));
  EXPECT_THAT(Bad("[sweep]\nname = [\"a\", \"b\"]\n"), HasSubstr("names its runs itself"));
  EXPECT_THAT(Bad("[sweep]\n\"data.path\" = [\"a/b\", \"a b\"]\n"), HasSubstr("two runs would be named 'path=a-b'"));
  EXPECT_THAT(Bad("[sweep]\n\"data.path\" = [\"" + std::string(300, 'x') + "\"]\n"), HasSubstr("longer than 200"));
}

TEST(ExpandSweep, RefusesUnknownKeysWithTheNearest) {
  EXPECT_THAT(Bad("[sweep]\nsed = [1, 2]\n"), HasSubstr("s.toml:6: unknown key 'sed'; did you mean 'seed'?"));
  EXPECT_THAT(Bad("[sweep]\n\"train.batsh\" = [32]\n"), HasSubstr("did you mean 'batch'?"));
  EXPECT_THAT(Bad("[[sweep.variant]]\nname = \"a\"\nset = [\"train.batsh=3\"]\n"), HasSubstr("did you mean 'batch'?"));
  EXPECT_THAT(Bad("[[sweep.variant]]\nname = \"a\"\nsets = [\"train.batch=3\"]\n"), HasSubstr("did you mean 'set'?"));
  // A value of the wrong type or range is told with line and run.
  EXPECT_THAT(Bad("[sweep]\n\"train.batch\" = [32,\n-1]\n"), StartsWith("s.toml:7: 'train.batch' must be an integer"));
  EXPECT_THAT(Bad("[sweep]\n\"train.batch\" = [32, -1]\n"), HasSubstr("(run 'batch=-1')"));
}

TEST(ExpandSweep, RefusesVariantsThatMeanNothing) {
  EXPECT_THAT(Bad("[sweep]\nvariant = []\n"), HasSubstr("[[sweep.variant]]"));
  EXPECT_THAT(Bad("[[sweep.variant]]\nset = []\n"), HasSubstr("'sweep.variant.name' must be given"));
  EXPECT_THAT(Bad("[[sweep.variant]]\nname = \"a/b\"\n"), HasSubstr("'sweep.variant.name' must be a name of letters"));
  EXPECT_THAT(Bad("[[sweep.variant]]\nname = \"..\"\n"), HasSubstr("'sweep.variant.name' must be a name of letters"));
  EXPECT_THAT(Bad("[[sweep.variant]]\nname = \"a\"\nset = [\"seed\"]\n"), HasSubstr("expected key.path=value"));
  EXPECT_THAT(Bad("[[sweep.variant]]\nname = \"a\"\nset = [\"seed=1\", \"seed=2\"]\n"), HasSubstr("sets it twice"));
  EXPECT_THAT(Bad("[[sweep.variant]]\nname = \"a\"\nset = [\"sweep.seed=[1]\"]\n"),
              HasSubstr("'sweep' must be left out"));
  EXPECT_THAT(Bad("[[sweep.variant]]\nname = \"a\"\n[[sweep.variant]]\nname = \"a\"\nset = [\"seed=2\"]\n"),
              HasSubstr("two runs would be named 'a'"));
  EXPECT_THAT(Bad("[[sweep.variant]]\nname = \"a\"\n[[sweep.variant]]\nname = \"b\"\nset = [\"seed=9\"]\n"),
              HasSubstr("runs 'a' and 'b' are the same"));
}

TEST(ExpandSweep, NoSettingIsIgnoredForAnother) {
  EXPECT_THAT(Bad("[sweep]\nseed = [1]\n", {"seed"}), HasSubstr("--set seed: [sweep] sets 'seed' already"));
  EXPECT_THAT(Bad("[sweep]\ntrain.batch = [1]\n", {"train"}), HasSubstr("sets 'train.batch' already"));
  EXPECT_THAT(Bad("[sweep]\nseed = [1]\n[[sweep.variant]]\nname = \"a\"\nset = [\"seed=4\"]\n"),
              HasSubstr("[sweep] sets 'seed' twice, the other time at s.toml"));
  EXPECT_THAT(Bad("[[sweep.variant]]\nname = \"a\"\nset = [\"train.batch=4\"]\n", {"train.batch"}),
              HasSubstr("--set train.batch"));
}

TEST(ExpandSweep, HasALimit) {
  std::string list;
  for (int i = 1; i <= 101; ++i) list += std::to_string(i) + ", ";
  EXPECT_THAT(Bad("[sweep]\nseed = [" + list + "]\n\"train.batch\" = [" + list + "]\n"),
              HasSubstr("at most 10000 runs"));
}

TEST(ReadRecipe, RefusesASweep) {
  const Result<Config> config = ParseRecipeText(kBase + "[sweep]\nseed = [1]\n", "s.toml");
  ASSERT_TRUE(config.ok());
  const Result<Recipe> recipe = ReadRecipe(config.value());
  ASSERT_FALSE(recipe.ok());
  EXPECT_THAT(recipe.error().message, StartsWith("s.toml:5: 'sweep' must be left out"));
}

}  // namespace
}  // namespace lowbit::recipe
