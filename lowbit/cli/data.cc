#include <memory>
#include <string>

#include "lowbit/app/data_status.h"
#include "lowbit/cli/commands.h"
#include "lowbit/cli/output.h"

namespace lowbit::cli {

void AddData(CLI::App* program, int* code) {
  struct Arguments {
    std::string name;
    bool json = false;
  };
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program->add_subcommand("data", "Show which data sets are here, and how to get the others.");
  command->add_option("name", arguments->name, "One data set; it is read and checked whole");
  command->add_flag("--json", arguments->json, "Print one JSON object");
  command->callback([=] { *code = PrintResult(app::FindData(arguments->name), arguments->json); });
}

}  // namespace lowbit::cli
