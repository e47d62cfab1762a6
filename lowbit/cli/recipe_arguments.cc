#include "lowbit/cli/recipe_arguments.h"

namespace lowbit::cli {

void AddRecipe(CLI::App* command, std::string* path, std::vector<std::string>* overrides) {
  command->add_option("recipe", *path, "The recipe, a TOML file")->required();
  AddOverrides(command, overrides);
}

void AddOverrides(CLI::App* command, std::vector<std::string>* overrides) {
  command->add_option("--set", *overrides, "key=value: override a setting of the recipe; may be repeated")
      ->take_all()
      ->allow_extra_args(false);
}

}  // namespace lowbit::cli
