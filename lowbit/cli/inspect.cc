#include "lowbit/app/inspect.h"

#include <memory>
#include <string>

#include "lowbit/cli/commands.h"
#include "lowbit/cli/output.h"

namespace lowbit::cli {

void AddInspect(CLI::App* program, int* code) {
  struct Arguments {
    std::string path;
    bool json = false;
  };
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program->add_subcommand("inspect", "Show what a packed file holds, layer by layer.");
  command->add_option("file", arguments->path, "A packed .lbm file")->required();
  command->add_flag("--json", arguments->json, "Print one JSON object");
  command->callback([=] { *code = PrintResult(app::Inspect(arguments->path), arguments->json); });
}

}  // namespace lowbit::cli
