#include <memory>
#include <string>
#include <vector>

#include "lowbit/app/import_weights.h"
#include "lowbit/cli/commands.h"
#include "lowbit/cli/output.h"
#include "lowbit/cli/recipe_arguments.h"

namespace lowbit::cli {

void AddImport(CLI::App* program, int* code) {
  struct Arguments {
    std::string recipe, out;
    std::vector<std::string> overrides;
  };
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command =
      program->add_subcommand("import", "Write a recipe's network with trained weights as one file, without training.");
  AddRecipe(command, &arguments->recipe, &arguments->overrides);
  command->add_option("-o,--out", arguments->out, "The .lbm file to write")->required();
  command->callback(
      [=] { *code = PrintPacked(app::ImportWeights(arguments->recipe, arguments->overrides, arguments->out)); });
}

}  // namespace lowbit::cli
