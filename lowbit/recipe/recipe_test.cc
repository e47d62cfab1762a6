#include "lowbit/recipe/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "lowbit/base/file.h"
#include "lowbit/recipe/sweep.h"
#include "lowbit/recipe/test_read.h"
#include "lowbit/recipe/toml.h"

namespace lowbit::recipe {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

TEST(ReadRecipe, GivesTheDefaults) {
  const Recipe recipe = Good(kTrain);
  EXPECT_EQ(recipe.seed, 1);
  EXPECT_EQ(recipe.data.name, "fashion-mnist");
  EXPECT_FALSE(recipe.data.scale.has_value());
  EXPECT_EQ(recipe.model.name, "small");
  EXPECT_EQ(recipe.train.epochs, 10);
  EXPECT_EQ(recipe.train.iterations, 0);
  EXPECT_EQ(recipe.train.learning_rate, 0.1);
  EXPECT_EQ(recipe.train.schedule.kind, ScheduleSection::Kind::kConstant);
  EXPECT_EQ(recipe.quantize.method, "none");
  EXPECT_THAT(recipe.quantize.stages, IsEmpty());
  EXPECT_THAT(recipe.distill.teacher, IsEmpty());
}

TEST(ReadRecipe, ReadsEveryKey) {
  const Recipe recipe = Good(R"(
name = "n"
description = "d"
seed = 7
[data]
name = "cifar10"
path = "p"
normalize = "mean_image"
scale = 0.5
train_limit = 10
test_limit = 20
crop = 64
resize = 72
classes = "classes.txt"
threads = 3
sequential = true
[augment]
flip = true
pad = 4
crop = true
cutout = 8
resized_crop = true
resized_crop_area = [0.25, 0.5]
resized_crop_ratio = [0.5, 2]
brightness = 0.1
contrast = 0.2
saturation = 0.3
[model]
name = "vgg9"
weights = "w.safetensors"
weights_skip = ["fc9"]
width = 3
[train]
iterations = 1000
batch = 100
test_batch = 50
learning_rate = 0.2
momentum = 0.8
caffe_momentum = true
weight_decay = 1e-4
decay_all = true
label_smoothing = 0.1
evaluate_every = 0
checkpoint_every = 5
log_every = 6
channels_last = "off"
batch_norm = "bias_corrected"
batch_norm_momentum = 0.001
sync_batch_norm = true
reestimate_batch_norm = 20
state_batch_norm = "recalibrate"
amp = true
[train.schedule]
kind = "multistep"
warmup = 10
gamma = 0.5
milestones = [100, 200]
[quantize]
method = "twn"
policy = "sq"
skip = ["conv1"]
[quantize.twn]
delta_scope = "row"
[quantize.sq]
unit = "filter"
ramp = [0.5, 1]
ramp_until = 0.7
[quantize.activations]
bits = 4
first_bits = 6
last_bits = 5
skip = ["fc"]
[distill]
teacher = "t.safetensors"
weight = 0.9
temperature = 3
[distill.model]
name = "resnet_cifar"
depth = 56
)");
  EXPECT_EQ(recipe.name, "n");
  EXPECT_EQ(recipe.data.crop, 64);
  EXPECT_EQ(recipe.data.resize, 72);
  EXPECT_EQ(recipe.data.classes, "classes.txt");
  EXPECT_EQ(recipe.data.threads, 3);
  EXPECT_EQ(recipe.description, "d");
  EXPECT_EQ(recipe.seed, 7);
  EXPECT_EQ(recipe.data.path, "p");
  EXPECT_EQ(recipe.data.normalize, DataSection::Normalize::kMeanImage);
  EXPECT_EQ(recipe.data.scale, 0.5);
  EXPECT_EQ(recipe.data.train_limit, 10);
  EXPECT_EQ(recipe.data.test_limit, 20);
  EXPECT_TRUE(recipe.data.sequential);
  EXPECT_TRUE(recipe.augment.flip);
  EXPECT_TRUE(recipe.augment.crop);
  EXPECT_EQ(recipe.augment.pad, 4);
  EXPECT_EQ(recipe.augment.cutout, 8);
  EXPECT_TRUE(recipe.augment.resized_crop);
  EXPECT_EQ(recipe.augment.min_area, 0.25);
  EXPECT_EQ(recipe.augment.max_area, 0.5);
  EXPECT_EQ(recipe.augment.min_ratio, 0.5);
  EXPECT_EQ(recipe.augment.max_ratio, 2);
  EXPECT_EQ(recipe.augment.brightness, 0.1);
  EXPECT_EQ(recipe.augment.contrast, 0.2);
  EXPECT_EQ(recipe.augment.saturation, 0.3);
  EXPECT_EQ(recipe.model.weights, "w.safetensors");
  EXPECT_THAT(recipe.model.weights_skip, ElementsAre("fc9"));
  EXPECT_EQ(ToToml(recipe.model.options), "width = 3\n");
  EXPECT_EQ(recipe.train.epochs, 0);
  EXPECT_EQ(recipe.train.iterations, 1000);
  EXPECT_EQ(recipe.train.batch, 100);
  EXPECT_EQ(recipe.train.test_batch, 50);
  EXPECT_EQ(recipe.train.optimizer, TrainSection::Optimizer::kSgd);
  EXPECT_EQ(recipe.train.learning_rate, 0.2);
  EXPECT_EQ(recipe.train.momentum, 0.8);
  EXPECT_TRUE(recipe.train.caffe_momentum);
  EXPECT_EQ(recipe.train.weight_decay, 1e-4);
  EXPECT_TRUE(recipe.train.decay_all);
  EXPECT_EQ(recipe.train.label_smoothing, 0.1);
  EXPECT_EQ(recipe.train.evaluate_every, 0);
  EXPECT_EQ(recipe.train.checkpoint_every, 5);
  EXPECT_EQ(recipe.train.log_every, 6);
  EXPECT_EQ(recipe.train.channels_last, TrainSection::Switch::kOff);
  EXPECT_EQ(recipe.train.batch_norm, TrainSection::BatchNorm::kBiasCorrected);
  EXPECT_EQ(recipe.train.batch_norm_momentum, 0.001);
  EXPECT_TRUE(recipe.train.sync_batch_norm);
  EXPECT_EQ(recipe.train.reestimate_batch_norm, 20);
  EXPECT_EQ(recipe.train.state_batch_norm, TrainSection::StateBatchNorm::kRecalibrate);
  EXPECT_TRUE(recipe.train.amp);
  EXPECT_EQ(recipe.train.schedule.kind, ScheduleSection::Kind::kMultistep);
  EXPECT_EQ(recipe.train.schedule.warmup, 10);
  EXPECT_EQ(recipe.train.schedule.gamma, 0.5);
  EXPECT_THAT(recipe.train.schedule.milestones, ElementsAre(100, 200));
  EXPECT_EQ(recipe.quantize.policy, QuantizeSection::Policy::kSq);
  EXPECT_THAT(recipe.quantize.skip, ElementsAre("conv1"));
  EXPECT_EQ(ToToml(recipe.quantize.method_options), "delta_scope = \"row\"\n");
  EXPECT_EQ(ToToml(recipe.quantize.policy_options), "unit = \"filter\"\n");
  EXPECT_THAT(recipe.quantize.ramp, ElementsAre(0.5, 1));
  EXPECT_THAT(recipe.quantize.stages, IsEmpty());
  EXPECT_EQ(recipe.quantize.ramp_until, 0.7);
  EXPECT_EQ(recipe.quantize.activations.bits, 4);
  EXPECT_EQ(recipe.quantize.activations.first_bits, 6);
  EXPECT_EQ(recipe.quantize.activations.last_bits, 5);
  EXPECT_THAT(recipe.quantize.activations.skip, ElementsAre("fc"));
  EXPECT_EQ(recipe.distill.teacher, "t.safetensors");
  EXPECT_EQ(recipe.distill.weight, 0.9);
  EXPECT_EQ(recipe.distill.temperature, 3);
  EXPECT_EQ(recipe.distill.model_name, "resnet_cifar");
  EXPECT_EQ(ToToml(recipe.distill.model_options), "depth = 56\n");
}

TEST(ReadRecipe, ReadsAdamAndOneCycle) {
  const Recipe recipe = Good(
      "[train]\nepochs = 9\noptimizer = \"adamw\"\nbeta1 = 0.8\nbeta2 = 0.9\neps = 1e-6\n"
      "[train.schedule]\nkind = \"onecycle\"\nwarmup = 2.5\nfinal = 0.01\nstart = 0.1\n");
  EXPECT_EQ(recipe.train.optimizer, TrainSection::Optimizer::kAdamW);
  EXPECT_EQ(recipe.train.learning_rate, 0.001);
  EXPECT_EQ(recipe.train.beta1, 0.8);
  EXPECT_EQ(recipe.train.beta2, 0.9);
  EXPECT_EQ(recipe.train.eps, 1e-6);
  EXPECT_EQ(recipe.train.schedule.warmup, 2.5);
  EXPECT_EQ(recipe.train.schedule.final, 0.01);
  EXPECT_EQ(recipe.train.schedule.start, 0.1);
}

TEST(ReadRecipe, ReadsAPublishedNormalization) {
  EXPECT_THAT(Good(kTrain).data.mean, IsEmpty());
  const DataSection data = Good("[data]\nmean = [0.5, 0, 1]\nstd = [0.25, 1, 0.5]\n" + kTrain).data;
  EXPECT_THAT(data.mean, ElementsAre(0.5, 0, 1));
  EXPECT_THAT(data.std, ElementsAre(0.25, 1, 0.5));
}

TEST(ReadRecipe, AnUnknownKeyIsToldWithTheNearest) {
  EXPECT_THAT(Bad("sed = 1\n" + kTrain), AllOf(StartsWith("r.toml:1: "), HasSubstr("'sed'"), HasSubstr("'seed'")));
  EXPECT_THAT(Bad("[data]\nnam = \"x\"\n" + kTrain), AllOf(StartsWith("r.toml:2: "), HasSubstr("'name'")));
  EXPECT_THAT(Bad("[data]\nscal = 1\n" + kTrain), HasSubstr("'scale'"));
  EXPECT_THAT(Bad("[augment]\nflop = true\n" + kTrain), HasSubstr("'flip'"));
  EXPECT_THAT(Bad(kTrain + "epoch = 1\n"), HasSubstr("'epochs'"));
  EXPECT_THAT(Bad(kTrain + "[train.shedule]\n"), AllOf(StartsWith("r.toml:3: "), HasSubstr("'schedule'")));
  EXPECT_THAT(Bad(kTrain + "[train.schedule]\nkin = \"step\"\n"), HasSubstr("'kind'"));
  EXPECT_THAT(Bad(kTrain + "[quantise]\n"), HasSubstr("'quantize'"));
  EXPECT_THAT(Bad(kTrain + "[quantize]\nmethod = \"twn\"\n[quantize.tnw]\n"), HasSubstr("'twn'"));
}

TEST(ReadRecipe, AWordIsOneOfItsList) {
  EXPECT_THAT(Bad("[data]\nnormalize = \"chanel\"\n" + kTrain),
              AllOf(HasSubstr("data.normalize"), HasSubstr("'channel'")));
  EXPECT_THAT(Bad(kTrain + "optimizer = \"adm\"\n"), HasSubstr("'adam'"));
  EXPECT_THAT(Bad(kTrain + "channels_last = \"no\"\n"), HasSubstr("'on'"));
  EXPECT_THAT(Bad(kTrain + "batch_norm = \"em\"\n"), HasSubstr("'ema'"));
  EXPECT_THAT(Bad(kTrain + "[train.schedule]\nkind = \"cosin\"\n"), HasSubstr("'cosine'"));
  EXPECT_THAT(Bad(kTrain + "[quantize]\npolicy = \"qs\"\n"), HasSubstr("'sq'"));
}

// Each text is wrong in one way; the message names the key and the rule.
TEST(ReadRecipe, RefusesWrongTypesRangesAndContradictions) {
  const std::map<std::string, std::string> cases = {
      {"seed = -1\n" + kTrain, "'seed' must be an integer of at least 0"},
      {"name = \"../x\"\n" + kTrain, "r.toml:1: 'name' must be the name of a folder, without line breaks and '..'"},
      {"name = \"a/..\"\n" + kTrain, "'name' must be the name of a folder"},
      {"name = \"a\\nb\"\n" + kTrain, "'name' must be the name of a folder"},
      {"data = 3\n" + kTrain, "'data' must be a table"},
      {"[data]\nscale = 0\n" + kTrain, "'data.scale' must be greater than 0"},
      {"[data]\nmean = [0.5]\n" + kTrain, "r.toml:2: 'data.mean' must be given with as many values in 'data.mean' as"},
      {"[data]\nstd = [0.5]\n" + kTrain, "r.toml:2: 'data.std' must be given with as many values in 'data.mean' as"},
      {"[data]\nmean = [0.5, 0.5]\nstd = [0.5]\n" + kTrain, "'data.mean' must be given with as many values"},
      {"[data]\nmean = [1.5]\nstd = [0.5]\n" + kTrain, "'data.mean' must be a list, each entry a number in 0..1"},
      {"[data]\nmean = [-0.1]\nstd = [0.5]\n" + kTrain, "'data.mean' must be a list, each entry a number in 0..1"},
      {"[data]\nmean = [0.5]\nstd = [58]\n" + kTrain, "'data.std' must be a list, each entry a number in 0..1"},
      {"[data]\nmean = [0.5]\nstd = [0]\n" + kTrain, "'data.std' must be a list of numbers greater than 0"},
      {"[data]\nmean = [0.5]\nstd = [0.5]\nscale = 2\n" + kTrain, "'data.scale' must be left out: 'data.std' sets"},
      {"[data]\nnormalize = \"none\"\nmean = [0.5]\nstd = [0.5]\n" + kTrain, "'data.mean' must be left out: only"},
      {"[data]\ntrain_limit = -1\n" + kTrain, "'data.train_limit' must be an integer"},
      {"[data]\nresize = 100\n" + kTrain, "'data.resize' must be 0 or at least 'data.crop'"},
      {"[data]\nsequential = 1\n" + kTrain, "'data.sequential' must be true or false"},
      {"[augment]\nresized_crop_area = [0.1, 1]\n" + kTrain, "'augment.resized_crop_area' must be left out"},
      {"[augment]\nresized_crop = true\nresized_crop_area = [0.5, 0.1]\n" + kTrain, "must be a list of two numbers"},
      {"[augment]\nresized_crop = true\nresized_crop_area = [0, 1]\n" + kTrain, "must be a list of two numbers"},
      {"[augment]\nresized_crop = true\nresized_crop_ratio = [1]\n" + kTrain, "must be a list of two numbers"},
      {"[augment]\nbrightness = -1\n" + kTrain, "'augment.brightness' must be"},
      {"[augment]\npad = 2\n" + kTrain, "'augment.pad' must be 0 unless"},
      {"[augment]\ncrop = true\n" + kTrain, "'augment.crop' must be false unless"},
      {"[augment]\npad = 65\ncrop = true\n" + kTrain, "'augment.pad' must be an integer in 0..64"},
      {"[model]\nname = 3\n" + kTrain, "'model.name' must be a string"},
      {"[model]\nweights_skip = [\"fc\"]\n" + kTrain,
       "'model.weights_skip' must be left out: 'model.weights' names no"},
      {"[model]\nfile = \"n.lbm\"\nname = \"small\"\n" + kTrain,
       "'model.name' must be left out: 'model.file' is a network"},
      {"[model]\nfile = \"n.lbm\"\nweights = \"w\"\n" + kTrain, "'model.weights' must be left out"},
      {"[model]\nfile = \"n.lbm\"\nwidth = 2\n" + kTrain, "unknown key 'width'"},
      {"", "'train.epochs' must be given, or 'train.iterations'"},
      {"[train]\nepochs = 1\niterations = 1\n", "'train.iterations' must be left out"},
      {"[train]\nepochs = 0\n", "'train.epochs' must be an integer in 1.."},
      {"[train]\nepochs = 1.5\n", "'train.epochs' must be an integer"},
      {"[train]\niterations = 0\n", "'train.iterations' must be an integer"},
      {kTrain + "batch = 0\n", "'train.batch' must be an integer in 1..65536"},
      {kTrain + "learning_rate = 0\n", "'train.learning_rate' must be greater than 0"},
      {kTrain + "learning_rate = nan\n", "'train.learning_rate' must be a number"},
      {kTrain + "momentum = 1\n", "'train.momentum' must be smaller than 1"},
      {kTrain + "nesterov = true\nmomentum = 0\n", "'train.nesterov' must be false if 'train.momentum' is 0"},
      {kTrain + "beta1 = 0.5\n", "'train.beta1' must be left out: the optimizer sgd"},
      {kTrain + "optimizer = \"adam\"\nmomentum = 0.5\n", "'train.momentum' must be left out: only"},
      {kTrain + "optimizer = \"adam\"\nbeta2 = 1.0\n", "'train.beta2' must be smaller than 1"},
      {kTrain + "weight_decay = 2\n", "'train.weight_decay' must be a number in 0..1"},
      {kTrain + "label_smoothing = 1\n", "'train.label_smoothing' must be smaller than 1"},
      {kTrain + "log_every = 0\n", "'train.log_every' must be an integer"},
      {kTrain + "batch_norm_momentum = 0\n", "'train.batch_norm_momentum' must be greater than 0"},
      {kTrain + "state_batch_norm = \"recalibrate\"\n", "'train.state_batch_norm' must be 'none' or 'two_banks'"},
      {kTrain + "freeze_batch_norm = true\nstate_batch_norm = \"two_banks\"\n",
       "'train.state_batch_norm' must be left out"},
      {kTrain + "freeze_batch_norm = true\nsync_batch_norm = true\n", "'train.sync_batch_norm' must be left out"},
      {kTrain + "freeze_batch_norm = true\nreestimate_batch_norm = 9\n",
       "'train.reestimate_batch_norm' must be left out"},
      {kTrain + "[train.schedule]\nkind = \"step\"\n", "'train.schedule.every' must be given for kind 'step'"},
      {kTrain + "[train.schedule]\nkind = \"step\"\nevery = 0\n", "'train.schedule.every' must be greater than 0"},
      {kTrain + "[train.schedule]\nkind = \"multistep\"\n", "'train.schedule.milestones' must be a list"},
      {kTrain + "[train.schedule]\nkind = \"multistep\"\nmilestones = [3, 2]\n",
       "'train.schedule.milestones' must be rising"},
      {kTrain + "[train.schedule]\nkind = \"cosine\"\ngamma = 0.1\n", "'train.schedule.gamma' must be left out"},
      {kTrain + "[train.schedule]\nkind = \"cosine\"\nevery = 1\n", "'train.schedule.every' must be left out"},
      {kTrain + "[train.schedule]\nkind = \"cosine\"\nstart = 1\n", "'train.schedule.start' must be left out"},
      {kTrain + "[train.schedule]\nmilestones = [1]\n", "'train.schedule.milestones' must be left out"},
      {kTrain + "[train.schedule]\nfinal = 0.1\n", "'train.schedule.final' must be left out"},
      {kTrain + "[train.schedule]\nwarmup = 10\n", "'train.schedule.warmup' must be shorter than the run"},
      {kTrain + "[quantize]\npolicy = \"sq\"\n", "'quantize.policy' must be 'none' if 'quantize.method' is 'none'"},
      {kTrain + "[distill]\n", "'distill.teacher' must be a safetensors file or the folder of a run"},
      {kTrain + "[distill]\nteacher = \"t\"\nweight = 0\n", "'distill.weight' must be greater than 0"},
      {kTrain + "[distill]\nteacher = \"t\"\nweight = 1.5\n", "'distill.weight' must be a number in 0..1"},
      {kTrain + "[distill]\nteacher = \"t\"\ntemperature = 0\n", "'distill.temperature' must be a number in 0.01.."},
      {kTrain + "[distill]\nteacher = \"t\"\ntemprature = 2\n", "'temperature'"},
      {kTrain + "[distill]\nteacher = \"t\"\n[distill.model]\nweights = \"t\"\n",
       "'distill.model.weights' must be left out: 'distill.teacher' names"},
      {kTrain + "[quantize]\nskip = [1]\n", "'quantize.skip' must be a list of strings"},
      {kTrain + "[quantize]\nmethod = \"twn\"\n[quantize.activations]\nbits = 9\n",
       "'quantize.activations.bits' must be"},
      {kTrain + "[quantize]\nmethod = \"twn\"\n[quantize.activations]\nbit = 8\n", "'bits'"},
  };
  for (const auto& [text, message] : cases) EXPECT_THAT(Bad(text), HasSubstr(message)) << text;
}

TEST(ReadRecipe, StagesAreRunsOfTheSameLength) {
  EXPECT_EQ(Good(kTrain).train.stages, 1);
  EXPECT_EQ(Good(kTrain + "stages = 3\n").train.stages, 3);
  EXPECT_THAT(Bad(kTrain + "stages = 0\n"), HasSubstr("'train.stages' must be"));
  const std::string sq = kTrain + "stages = 2\n[quantize]\nmethod = \"twn\"\npolicy = \"sq\"\n";
  EXPECT_THAT(Bad(sq), HasSubstr("'train.stages' must be 1"));
  EXPECT_THAT(Bad(sq + "[quantize.sq]\nstages = [1]\n"), HasSubstr("'train.stages' must be 1"));
  EXPECT_EQ(Good(sq + "[quantize.sq]\nramp = [0.5, 1]\n").train.stages, 2);
}

// The control of a comparison: the restarts of SQ's stages with every weight quantized throughout.
TEST(ReadRecipe, StagesMayRepeatAShare) {
  const std::string text = kTrain + "[quantize]\nmethod = \"twn\"\npolicy = \"sq\"\n[quantize.sq]\n";
  EXPECT_THAT(Good(text + "stages = [1, 1, 1, 1]\n").quantize.stages, ElementsAre(1, 1, 1, 1));
  EXPECT_THAT(Good(text + "ramp = [0.5, 0.5, 1]\n").quantize.ramp, ElementsAre(0.5, 0.5, 1));
}

TEST(ReadRecipe, TheRunFolderCopyReadsTheSame) {
  const std::string text = kTrain + "[model]\nname = \"vgg9\"\ndropout = 0.25\n";
  Result<Config> config = ParseRecipeText(text, "r.toml");
  ASSERT_TRUE(config.ok());
  ASSERT_TRUE(ApplyOverride(&config.value(), "train.epochs=3").ok());
  const Recipe recipe = Good(ToToml(config.value()));
  EXPECT_EQ(recipe.train.epochs, 3);
  EXPECT_EQ(ToToml(recipe.model.options), "dropout = 0.25\n");
}

TEST(ReadRecipe, AWrongOverrideIsNamed) {
  Result<Config> config = ParseRecipeText(kTrain, "r.toml");
  ASSERT_TRUE(config.ok());
  ASSERT_TRUE(ApplyOverride(&config.value(), "train.epochs=many").ok());
  const Result<Recipe> recipe = ReadRecipe(config.value());
  ASSERT_FALSE(recipe.ok());
  EXPECT_THAT(recipe.error().message, StartsWith("--set train.epochs=many: 'train.epochs' must be an integer"));
}

TEST(TimeInIterations, FollowsTheUnitOfTheLength) {
  TrainSection train;
  train.epochs = 10;
  EXPECT_EQ(RunIterations(train, 469), 4690);
  EXPECT_EQ(TimeInIterations(train, 0.5, 469), 235);  // 234.5 rounds away from zero.
  train.epochs = 0;
  train.iterations = 64000;
  EXPECT_EQ(RunIterations(train, 391), 64000);
  EXPECT_EQ(TimeInIterations(train, 32000, 391), 32000);
}

TEST(QuantizedShare, OfStagesAndRamps) {
  QuantizeSection quantize;
  quantize.stages = {0.5, 1};
  EXPECT_EQ(QuantizedShare(quantize, 0, 0.9), 0.5);
  EXPECT_EQ(QuantizedShare(quantize, 1, 0.1), 1);
  quantize.stages.clear();
  quantize.ramp = {0.5, 0.75, 0.875, 1};
  quantize.ramp_until = 0.6;
  EXPECT_EQ(QuantizedShare(quantize, 0, 0), 0.5);
  EXPECT_EQ(QuantizedShare(quantize, 0, 0.19), 0.5);
  EXPECT_EQ(QuantizedShare(quantize, 0, 0.21), 0.75);
  EXPECT_EQ(QuantizedShare(quantize, 0, 0.41), 0.875);
  EXPECT_EQ(QuantizedShare(quantize, 0, 0.59), 0.875);
  EXPECT_EQ(QuantizedShare(quantize, 0, 0.6), 1);
  EXPECT_EQ(QuantizedShare(quantize, 0, 1), 1);
  quantize.ramp = {1};
  EXPECT_EQ(QuantizedShare(quantize, 0, 0), 1);
}

TEST(MethodTable, HoldsWhatMethodsCheck) {
  const Recipe recipe = Good(kTrain +
                             "[quantize]\nmethod = \"twn\"\npolicy = \"sq\"\nskip = [\"a\"]\n"
                             "[quantize.twn]\nk = 1\n[quantize.sq]\nstages = [1]\nunit = \"filter\"\n");
  EXPECT_EQ(ToToml(MethodTable(recipe.quantize)),
            "method = \"twn\"\npolicy = \"sq\"\nskip = [\"a\"]\n\n[sq]\nunit = \"filter\"\n\n[twn]\nk = 1\n");
  EXPECT_EQ(ToToml(MethodTable(Good(kTrain).quantize)), "method = \"none\"\npolicy = \"none\"\nskip = []\n");
}

TEST(Documentation, ItsExampleIsGoodAndTellsTheDefaults) {
  const Result<std::string> page = ReadTextFile(LOWBIT_RECIPE_DOCUMENT);
  ASSERT_TRUE(page.ok()) << page.error().message;
  const std::string fence = "```toml\n";
  const size_t begin = page.value().find(fence) + fence.size();
  const std::string example = page.value().substr(begin, page.value().find("```", begin) - begin);
  Result<Config> config = ParseRecipeText(example, "docs/recipes.md");
  ASSERT_TRUE(config.ok()) << config.error().message;
  const Result<Recipe> parsed = ReadRecipe(config.value());
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  const Recipe& recipe = parsed.value();
  EXPECT_EQ(recipe.seed, Recipe().seed);
  EXPECT_EQ(recipe.data.name, DataSection().name);
  EXPECT_EQ(recipe.data.normalize, DataSection().normalize);
  EXPECT_EQ(recipe.model.name, ModelSection().name);
  const TrainSection defaults;
  EXPECT_EQ(recipe.train.batch, defaults.batch);
  EXPECT_EQ(recipe.train.test_batch, defaults.test_batch);
  EXPECT_EQ(recipe.train.optimizer, defaults.optimizer);
  EXPECT_EQ(recipe.train.learning_rate, defaults.learning_rate);
  EXPECT_EQ(recipe.train.momentum, defaults.momentum);
  EXPECT_EQ(recipe.train.weight_decay, defaults.weight_decay);
  EXPECT_EQ(recipe.train.evaluate_every, defaults.evaluate_every);
  EXPECT_EQ(recipe.train.checkpoint_every, defaults.checkpoint_every);
  EXPECT_EQ(recipe.train.log_every, defaults.log_every);
  EXPECT_EQ(recipe.train.batch_norm_momentum, defaults.batch_norm_momentum);
  EXPECT_EQ(recipe.quantize.ramp_until, QuantizeSection().ramp_until);
  EXPECT_EQ(recipe.distill.weight, DistillSection().weight);
  EXPECT_EQ(recipe.distill.temperature, DistillSection().temperature);
}

void ExpectKept(const Recipe& recipe, const std::string& name, const std::string& dataset) {
  EXPECT_EQ(recipe.name, name);
  EXPECT_EQ(recipe.data.name, dataset) << name;
  EXPECT_FALSE(recipe.description.empty()) << name;
}

// The folder of a recipe is called as its data set, but for ImageNet, which is read as any folder of pictures; what imports a network
// for it, or learns from a teacher alone, needs no labels.
std::string DatasetOf(const std::string& name) {
  const std::string folder = name.substr(0, name.find('/')), end = name.substr(name.rfind('-') + 1);
  if (folder != "imagenet") return folder;
  return end == "published" || end == "distill" ? "pictures" : "image-folder";
}

TEST(Recipes, EveryFileIsGood) {
  int count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(LOWBIT_RECIPES)) {
    if (!entry.is_regular_file() || entry.path().extension() != ".toml") continue;
    ++count;
    const Result<Config> config = ParseRecipe(entry.path().string());
    ASSERT_TRUE(config.ok()) << config.error().message;
    const std::string folder = entry.path().parent_path().filename().string();
    const std::string name = folder + "/" + entry.path().stem().string();
    if (IsSweep(config.value())) {
      const Result<std::vector<SweepRun>> runs = ExpandSweep(config.value());
      ASSERT_TRUE(runs.ok()) << runs.error().message;
      for (const SweepRun& run : runs.value()) ExpectKept(run.recipe, name + "/" + run.name, DatasetOf(name));
    } else {
      const Result<Recipe> recipe = ReadRecipe(config.value());
      ASSERT_TRUE(recipe.ok()) << recipe.error().message;
      ExpectKept(recipe.value(), name, DatasetOf(name));
    }
  }
  EXPECT_GE(count, 45);
}

TEST(Recipe, ReadsPicturesWithMasks) {
  const Recipe recipe = Good(kTrain + "[data]\nmask_values = [255, 0]\nmask_ignore = 7\ntest_last = 6\n");
  EXPECT_EQ(recipe.data.mask_values, (std::vector<int64_t>{255, 0}));
  EXPECT_EQ(recipe.data.mask_ignore, 7);
  EXPECT_EQ(recipe.data.test_last, 6);
  for (const char* values : {"[]", "[3]", "[3, 3]"}) {
    EXPECT_THAT(Bad(kTrain + "[data]\nmask_values = " + values), HasSubstr("a list of 2 to 255 different grey values"));
  }
  EXPECT_THAT(Bad(kTrain + "[data]\nmask_values = [1, 256]"), HasSubstr("data.mask_values"));
  EXPECT_THAT(Bad(kTrain + "[data]\nmask_values = [1, 2]\nmask_ignore = 2"), HasSubstr("none of 'data.mask_values'"));
}

}  // namespace
}  // namespace lowbit::recipe
