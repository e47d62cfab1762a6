#ifndef LOWBIT_APP_RECIPE_NETWORK_H_
#define LOWBIT_APP_RECIPE_NETWORK_H_

// From a recipe and its data to the network that it describes; nothing here needs libtorch.

#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"
#include "lowbit/data/dataset.h"
#include "lowbit/models/model.h"
#include "lowbit/recipe/recipe.h"

namespace lowbit::app {

// All that a recipe's network is built from.
struct RecipeNetwork {
  recipe::Recipe recipe;
  models::ModelInput input;
  std::string dataset;  // "NAME:PATH", for evaluation.
  std::vector<std::string> class_names;
  std::vector<std::string> class_folders;  // Of a set of pictures in folders.
  int64_t sound_rate = 0;                  // As data::Dataset has it.
};

// How pictures become the images that the network takes.
data::PictureOptions PicturesOf(const RecipeNetwork& network);

// The data set of [data], cut to its limits; of images without labels and test pictures of their own, tests are made on those for
// training. Errors: as data::ReadClassList and data::LoadDataset.
Result<data::Dataset> LoadRecipeData(const recipe::DataSection& section);

// Takes the image's size, the classes and, as [data] says, the normalization from the data set. Errors: a mean or
// standard deviation of the recipe with another number of values than the images have channels, keys for pictures of
// any size with images that have one already, an image that cannot be read.
Result<RecipeNetwork> DescribeNetwork(const recipe::Recipe& recipe, const data::Dataset& dataset);

// The network at its random start, or with the values of the file that the recipe names, with metadata that says what it
// was made for. Errors: as models::BuildModel; as lbm::Read and models::AdaptModel.
Result<Graph> BuildNetwork(const RecipeNetwork& network);

// "float", "twn", "sq(twn)", ...
std::string MethodName(const recipe::QuantizeSection& quantize);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_RECIPE_NETWORK_H_
