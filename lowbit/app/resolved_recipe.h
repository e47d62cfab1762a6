#ifndef LOWBIT_APP_RESOLVED_RECIPE_H_
#define LOWBIT_APP_RESOLVED_RECIPE_H_

#include <string>
#include <vector>

#include "lowbit/base/config.h"
#include "lowbit/base/result.h"
#include "lowbit/recipe/recipe.h"

namespace lowbit::app {

// A recipe as it is run: read, changed from the command line, and named.
struct ResolvedRecipe {
  recipe::Recipe recipe;
  std::string text;  // As TOML, overrides included.
};

// The file with its changes and a name, not yet checked, and perhaps a sweep. `overrides`: "key.path=value". A recipe
// without a name gets that of its file.
Result<Config> ReadRecipeFile(const std::string& path, const std::vector<std::string>& overrides);

// The same for a recipe of one run, checked.
Result<ResolvedRecipe> ResolveRecipe(const std::string& path, const std::vector<std::string>& overrides);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_RESOLVED_RECIPE_H_
