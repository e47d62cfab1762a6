#include "lowbit/app/finetune_compressed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowbit/data/test_files.h"
#include "lowbit/models/model.h"
#include "lowbit/recipe/recipe.h"
#include "lowbit/recipe/toml.h"

namespace lowbit::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FinetuningRecipeTest : public testing::Test {
 protected:
  FinetuningRecipeTest() : folder_("lowbit_finetuning") {
    models::ModelInput input;
    input.image = {1, 28, 28};
    input.classes = 10;
    graph_ = models::BuildModel("small", input, {}, 1).value();
    quant::product::Rules rules;
    rules.codebook.storage = ValueSet::Storage::kInt8;
    rules.skip = {"fc"};
    plan_ = PlanNetwork(graph_, rules).value();
  }

  // Written and read again, as training does.
  recipe::Recipe Read(const Finetuning& finetuning) const {
    const Config config =
        FinetuningRecipe(finetuning, plan_, graph_, "out.lbm", "float.lbm", "fashion-mnist:/data").value();
    const Result<recipe::Recipe> read =
        recipe::ReadRecipe(recipe::ParseRecipeText(recipe::ToToml(config), "test").value());
    EXPECT_TRUE(read.ok()) << read.error().message;
    return read.value();
  }

  data::TemporaryFolder folder_;
  Graph graph_;
  quant::product::NetworkPlan plan_;
};

TEST_F(FinetuningRecipeTest, WithoutOneItIsAdamAlongACosine) {
  const recipe::Recipe recipe = Read({3, ""});
  EXPECT_EQ(recipe.data.name, "fashion-mnist");
  EXPECT_EQ(recipe.data.path, "/data");
  EXPECT_EQ(recipe.data.normalize, recipe::DataSection::Normalize::kNone);
  EXPECT_EQ(recipe.model.file, "out.lbm");
  EXPECT_EQ(recipe.train.epochs, 3);
  EXPECT_EQ(recipe.train.optimizer, recipe::TrainSection::Optimizer::kAdam);
  EXPECT_EQ(recipe.distill.teacher, "float.lbm");
  EXPECT_EQ(recipe.quantize.method, "pq");
  EXPECT_THAT(recipe.quantize.skip, ElementsAre("conv1", "fc"));
  const ConfigTable& options = std::get<ConfigTable>(recipe.quantize.method_options.value);
  EXPECT_EQ(std::get<std::string>(options.at("codebook").value), "int8");
  EXPECT_EQ(std::get<ConfigTable>(options.at("layers").value).count("conv2"), 1U);
}

// Training refuses to skip what no method could quantize.
TEST_F(FinetuningRecipeTest, OnlyLayersThatMethodsKnowAreSkipped) {
  graph_.parameters["mixed.weight"].value = FloatTensor({10, 10}, std::vector<float>(100));
  graph_.nodes.push_back({"mixed", "MatMul", {graph_.outputs[0], "mixed.weight"}, {"mixed"}, {}});
  EXPECT_THAT(Read({3, ""}).quantize.skip, ElementsAre("conv1", "fc"));
}

TEST_F(FinetuningRecipeTest, ARecipeGivesItsDataAndTraining) {
  const std::string text =
      "seed = 7\n[data]\nname = \"cifar10\"\nmean = [0.5]\nstd = [0.2]\n[augment]\nflip = true\n[model]\n"
      "name = \"vgg9\"\n[train]\niterations = 9\nbatch = 5\n[quantize]\nmethod = \"pq\"\n[quantize.pq]\nreassign = "
      "20\nkernels = 3\n[distill]\nteacher = "
      "\"t\"\nweight = 1.0\n[distill.model]\nname = \"vgg9\"\n";
  folder_.Write("r.toml", {text.begin(), text.end()});
  recipe::Recipe recipe = Read({0, folder_.File("r.toml")});
  EXPECT_EQ(recipe.seed, 7);
  EXPECT_EQ(recipe.data.name, "cifar10");
  EXPECT_TRUE(recipe.augment.flip);
  EXPECT_EQ(recipe.train.iterations, 9);
  EXPECT_EQ(recipe.distill.weight, 1);
  EXPECT_EQ(recipe.distill.teacher, "float.lbm");
  EXPECT_EQ(recipe.quantize.method, "pq");
  const ConfigTable& options = std::get<ConfigTable>(recipe.quantize.method_options.value);
  EXPECT_EQ(std::get<int64_t>(options.at("reassign").value), 20);
  EXPECT_EQ(options.count("kernels"), 0U);  // Blocks are those of the plan.
  recipe = Read({2, folder_.File("r.toml")});
  EXPECT_EQ(recipe.train.epochs, 2);
  EXPECT_EQ(recipe.train.batch, 5);
  EXPECT_THAT(FinetuningRecipe({0, folder_.File("none.toml")}, plan_, graph_, "o", "t", "d").error().message,
              HasSubstr("none.toml"));
}

}  // namespace
}  // namespace lowbit::app
