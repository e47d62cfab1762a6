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

// The recipe file with every override ("key.path=value") applied and a name, the file's if it gives none; not yet
// checked, and perhaps a sweep.
Result<Config> ResolveConfig(const std::string& path, const std::vector<std::string>& overrides);

// The same, checked. Errors: as ReadRecipe.
Result<ResolvedRecipe> ResolveRecipe(const std::string& path, const std::vector<std::string>& overrides);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_RESOLVED_RECIPE_H_
