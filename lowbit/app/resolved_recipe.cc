#include "lowbit/app/resolved_recipe.h"

#include <filesystem>
#include <utility>

#include "lowbit/recipe/toml.h"

namespace lowbit::app {
namespace {

// Of what is there messages tell file and line; what is missing has none.
Error InFile(const std::string& path, const Error& error) {
  const bool has_place = error.message.empty() || error.message[0] != '\'';
  return {error.kind, (has_place ? "" : path + ": ") + error.message};
}

}  // namespace

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
  Result<recipe::Recipe> read = recipe::ReadRecipe(config);
  if (!read.ok()) return InFile(path, read.error());
  resolved.recipe = std::move(read).value();
  resolved.text = recipe::ToToml(config);
  return resolved;
}

}  // namespace lowbit::app
