#include "lowbit/app/recipe_network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowbit/data/test_files.h"

namespace lowbit::app {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Two images of 2 channels and one pixel.
data::Dataset TinyData() {
  data::Dataset dataset;
  dataset.name = "tiny";
  dataset.classes = 2;
  dataset.train.image = {2, 1, 1};
  dataset.train.pixels = {10, 7, 30, 7};
  dataset.train.labels = {0, 1};
  dataset.test = dataset.train;
  return dataset;
}

models::ModelInput Input(const recipe::DataSection& section) {
  recipe::Recipe recipe;
  recipe.data = section;
  return DescribeNetwork(recipe, TinyData()).value().input;
}

TEST(DescribeNetwork, NormalizesByTheTrainingSet) {
  const models::ModelInput input = Input({});
  EXPECT_THAT(input.image, ElementsAre(2, 1, 1));
  EXPECT_EQ(input.classes, 2);
  EXPECT_THAT(input.mean, ElementsAre(20, 7));
  EXPECT_THAT(input.scale, ElementsAre(FloatEq(0.1f), 1));
}

TEST(DescribeNetwork, NormalizesByTheRecipesScale) {
  recipe::DataSection section;
  section.scale = 0.5;
  EXPECT_THAT(Input(section).mean, ElementsAre(20, 7));
  EXPECT_THAT(Input(section).scale, ElementsAre(0.5f));
  section.normalize = recipe::DataSection::Normalize::kNone;
  EXPECT_THAT(Input(section).mean, ElementsAre(0, 0));
}

TEST(DescribeNetwork, NormalizesAsPublished) {
  recipe::DataSection section;
  section.mean = {0.5, 0.2};
  section.std = {0.25, 1};
  EXPECT_THAT(Input(section).mean, ElementsAre(127.5f, 51));
  EXPECT_THAT(Input(section).scale, ElementsAre(FloatEq(1 / 63.75f), FloatEq(1 / 255.0f)));
}

TEST(DescribeNetwork, CountsTheListedClassesWhereThereAreNoLabels) {
  data::Dataset dataset = TinyData();
  dataset.classes = 0;
  dataset.class_folders = dataset.class_names = {"n1", "n2", "n3"};
  const RecipeNetwork network = DescribeNetwork({}, dataset).value();
  EXPECT_EQ(network.input.classes, 3);
  EXPECT_THAT(network.class_names, ElementsAre("n1", "n2", "n3"));
}

// A folder of three pictures without labels, which nobody reads here.
recipe::DataSection PicturesOf(const data::TemporaryFolder& folder) {
  for (const char* name : {"a.png", "b.png", "c.png"}) folder.Write(name, {1, 2, 3});
  recipe::DataSection section;
  section.name = "pictures";
  section.path = folder.path();
  section.crop = 8;
  return section;
}

TEST(LoadRecipeData, TestsOnTheTrainingPicturesWhereThereAreNoOthersAndSaysSo) {
  const data::TemporaryFolder folder("lowbit_recipe_pictures_"), other("lowbit_recipe_tests_");
  recipe::DataSection section = PicturesOf(folder);
  section.test_limit = 2;
  const data::Dataset alone = LoadRecipeData(section).value();
  EXPECT_EQ(alone.train.count(), 3);
  EXPECT_EQ(alone.test.count(), 2);
  EXPECT_EQ(alone.test.reader, alone.train.reader);
  EXPECT_THAT(alone.warnings, ElementsAre(HasSubstr("tests are made on the training pictures; 'data.test_path'")));
  section.test_path = PicturesOf(other).path;
  const data::Dataset both = LoadRecipeData(section).value();
  EXPECT_EQ(both.test.count(), 2);
  EXPECT_NE(both.test.reader, both.train.reader);
  EXPECT_THAT(both.warnings, IsEmpty());
}

TEST(DescribeNetwork, TestPathIsForImagesWithoutLabels) {
  recipe::Recipe recipe;
  recipe.data.test_path = "tests";
  data::Dataset dataset = TinyData();
  EXPECT_THAT(DescribeNetwork(recipe, dataset).error().message,
              HasSubstr("'data.test_path' is for pictures that a network"));
  dataset.classes = 0;
  EXPECT_TRUE(DescribeNetwork(recipe, dataset).ok());
}

TEST(DescribeNetwork, RefusesKeysForMasksWhereThereAreNone) {
  std::vector<recipe::Recipe> recipes(3);
  recipes[0].data.mask_values = {0, 255};
  recipes[1].data.mask_ignore = 7;
  recipes[2].data.test_last = 6;
  for (const recipe::Recipe& recipe : recipes) {
    EXPECT_THAT(DescribeNetwork(recipe, TinyData()).error().message,
                HasSubstr("is for pictures with masks; tiny has none"));
    data::Dataset masked = TinyData();
    masked.task = "segmentation";
    EXPECT_TRUE(DescribeNetwork(recipe, masked).ok());
  }
}

class NoPairs : public data::PairSource {
 public:
  void Make(int64_t, uint64_t, uint64_t, const data::PairChanges&, Span<float>, Span<float>) const override {}
};

TEST(DescribeNetwork, RefusesKeysForPicturesWithRecordings) {
  std::vector<recipe::Recipe> recipes(5);
  recipes[0].data.crop = 64;
  recipes[1].data.test_path = "tests";
  recipes[2].augment.flip = true;
  recipes[3].augment.rotate = true;
  recipes[4].augment.crop = true;
  data::Dataset sounds = TinyData();
  sounds.train.pairs = std::make_shared<NoPairs>();
  sounds.sound_rate = 16000;
  for (const recipe::Recipe& recipe : recipes) {
    const Result<RecipeNetwork> network = DescribeNetwork(recipe, sounds);
    ASSERT_FALSE(network.ok());
    EXPECT_THAT(network.error().message, HasSubstr("must be left out where a network answers recordings with text"));
  }
  EXPECT_TRUE(DescribeNetwork({}, sounds).ok());
}

TEST(DescribeNetwork, RefusesAnotherNumberOfChannels) {
  recipe::Recipe recipe;
  recipe.data.mean = recipe.data.std = {0.5, 0.5, 0.5};
  const Result<RecipeNetwork> network = DescribeNetwork(recipe, TinyData());
  ASSERT_FALSE(network.ok());
  EXPECT_THAT(network.error().message, HasSubstr("each of the 2 channels of tiny; they have 3"));
}

TEST(DescribeNetwork, RefusesKeysForPicturesWithImagesOfOneSize) {
  std::vector<recipe::Recipe> recipes(4);
  recipes[0].data.crop = 64;
  recipes[1].data.resize = 256;
  recipes[2].data.classes = "classes.txt";
  recipes[3].augment.resized_crop = true;
  for (const recipe::Recipe& recipe : recipes) {
    const Result<RecipeNetwork> network = DescribeNetwork(recipe, TinyData());
    ASSERT_FALSE(network.ok());
    EXPECT_THAT(network.error().message, HasSubstr("is for pictures in folders; the images of tiny are all [2, 1, 1]"));
  }
}

}  // namespace
}  // namespace lowbit::app
