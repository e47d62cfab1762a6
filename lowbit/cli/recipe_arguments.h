#ifndef LOWBIT_CLI_RECIPE_ARGUMENTS_H_
#define LOWBIT_CLI_RECIPE_ARGUMENTS_H_

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace lowbit::cli {

// The recipe of a command, and --set.
void AddRecipe(CLI::App* command, std::string* path, std::vector<std::string>* overrides);

// Only --set.
void AddOverrides(CLI::App* command, std::vector<std::string>* overrides);

}  // namespace lowbit::cli

#endif  // LOWBIT_CLI_RECIPE_ARGUMENTS_H_
