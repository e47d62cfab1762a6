#include "lowbit/app/training/resolve_recipe.h"

#include <filesystem>

#include "lowbit/recipe/toml.h"

namespace lowbit::app {

Result<Config> ResolveRecipe(const TrainRequest& request) {
  LOWBIT_TRY(Config config, recipe::ParseRecipe(request.recipe_path));
  for (const std::string& text : request.overrides) {
    LOWBIT_RETURN_IF_ERROR(recipe::ApplyOverride(&config, text));
  }
  auto& table = std::get<ConfigTable>(config.value);
  const auto name = table.find("name");
  if (name == table.end() || recipe::ToText(name->second).empty()) {
    table["name"].value = std::filesystem::path(request.recipe_path).stem().string();
  }
  return config;
}

}  // namespace lowbit::app
