#include "lowbit/app/resolved_recipe.h"

#include <filesystem>

#include "lowbit/recipe/toml.h"

namespace lowbit::app {

Result<ResolvedRecipe> ResolveRecipe(const std::string& path, const std::vector<std::string>& overrides) {
  LOWBIT_TRY(Config config, recipe::ParseRecipe(path));
  for (const std::string& text : overrides) LOWBIT_RETURN_IF_ERROR(recipe::ApplyOverride(&config, text));
  ResolvedRecipe resolved;
  LOWBIT_TRY(resolved.recipe, recipe::ReadRecipe(config));
  if (resolved.recipe.name.empty()) resolved.recipe.name = std::filesystem::path(path).stem().string();
  std::get<ConfigTable>(config.value)["name"].value = resolved.recipe.name;
  resolved.text = recipe::ToToml(config);
  return resolved;
}

}  // namespace lowbit::app
