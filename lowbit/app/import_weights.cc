#include "lowbit/app/import_weights.h"

#include <filesystem>

#include "lowbit/app/output_file.h"
#include "lowbit/app/recipe_network.h"
#include "lowbit/app/resolved_recipe.h"
#include "lowbit/app/start_weights.h"
#include "lowbit/base/file.h"
#include "lowbit/format/lbm/lbm.h"
#include "lowbit/recipe/toml.h"

namespace lowbit::app {
namespace {

// Weights, or a packed file, where a recipe was expected.
Status CheckSource(const std::string& path) {
  if (std::filesystem::path(path).extension() == ".toml" || !FileExists(path)) return Ok();
  if (recipe::ParseRecipe(path).ok()) return Ok();
  return Invalid(path +
                 ": is neither an ONNX file nor a recipe, a TOML file whose 'model.weights' names trained weights");
}

// Every layer gets its values from the file.
Status CheckWeights(const std::string& path, const recipe::ModelSection& model) {
  if (model.weights.empty()) {
    return Invalid(path + ": 'model.weights' must name the trained weights to import (--set model.weights=FILE)");
  }
  if (model.weights_skip.empty()) return Ok();
  return Invalid(path + ": 'model.weights_skip' must be left out: an imported network has no layers at random values");
}

}  // namespace

Result<Inspection> ImportWeights(const std::string& recipe, const std::vector<std::string>& overrides,
                                 const std::string& out) {
  LOWBIT_RETURN_IF_ERROR(CheckSource(recipe));
  LOWBIT_TRY(ResolvedRecipe resolved, ResolveRecipe(recipe, overrides));
  LOWBIT_RETURN_IF_ERROR(CheckWeights(recipe, resolved.recipe.model));
  LOWBIT_RETURN_IF_ERROR(CheckOutput(out, {recipe, resolved.recipe.model.weights, resolved.recipe.model.file}, ".lbm"));
  resolved.recipe.quantize = {};
  LOWBIT_TRY(const data::Dataset dataset, LoadRecipeData(resolved.recipe.data));
  LOWBIT_TRY(const RecipeNetwork network, DescribeNetwork(resolved.recipe, dataset));
  LOWBIT_TRY(Graph graph, BuildNetwork(network));
  LOWBIT_RETURN_IF_ERROR(LoadStartWeights(resolved.recipe.model, &graph));
  LOWBIT_RETURN_IF_ERROR(lbm::Write(graph, out));
  return Inspect(out);
}

}  // namespace lowbit::app
