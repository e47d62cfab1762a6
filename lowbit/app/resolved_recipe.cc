#include "lowbit/app/resolved_recipe.h"

#include <filesystem>

#include "lowbit/recipe/toml.h"

namespace lowbit::app {

Result<Config> ResolveConfig(const std::string& path, const std::vector<std::string>& overrides) {
  LOWBIT_TRY(Config config, recipe::ParseRecipe(path));
  for (const std::string& text : overrides) LOWBIT_RETURN_IF_ERROR(recipe::ApplyOverride(&config, text));
  auto& table = std::get<ConfigTable>(config.value);
  const auto name = table.find("name");
  if (name == table.end() || recipe::ToText(name->second).empty()) {
    table["name"].value = std::filesystem::path(path).stem().string();
  }
  return config;
}

Result<ResolvedRecipe> ResolveRecipe(const std::string& path, const std::vector<std::string>& overrides) {
  LOWBIT_TRY(const Config config, ResolveConfig(path, overrides));
  ResolvedRecipe resolved;
  LOWBIT_TRY(resolved.recipe, recipe::ReadRecipe(config));
  resolved.text = recipe::ToToml(config);
  return resolved;
}

}  // namespace lowbit::app
