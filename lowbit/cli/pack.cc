#include <memory>
#include <string>

#include "lowbit/app/pack_run.h"
#include "lowbit/cli/commands.h"
#include "lowbit/cli/output.h"

namespace lowbit::cli {

void AddPack(CLI::App* program, int* code) {
  struct Arguments {
    std::string run, out;
  };
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program->add_subcommand("pack", "Write a run's network as one small file.");
  command->add_option("run", arguments->run, "The run's folder")->required();
  command->add_option("-o,--out", arguments->out, "The .lbm file to write")->required();
  command->callback([=] { *code = PrintPacked(app::PackRun(arguments->run, arguments->out)); });
}

}  // namespace lowbit::cli
