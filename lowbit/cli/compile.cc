#include <memory>

#include "lowbit/app/compile_file.h"
#include "lowbit/cli/commands.h"
#include "lowbit/cli/output.h"
#include "lowbit/cli/packed_argument.h"

namespace lowbit::cli {

void AddCompile(CLI::App* program, int* code) {
  struct Arguments {
    app::CompileRequest request;
    bool json = false;
  };
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program->add_subcommand("compile", "Write a packed network as C source, for microcontrollers.");
  command->add_option("file", arguments->request.file, kPackedHelp)->required();
  command
      ->add_option("-o,--out", arguments->request.out,
                   "The NAME.c to write, with NAME.h beside it; the function is NAME_run (docs/microcontrollers.md)")
      ->required();
  command->add_option("--input", arguments->request.input, "What pixels are given as: float, or uint8 (0 to 255)")
      ->capture_default_str();
  command->add_flag("--json", arguments->json, "Print one JSON object");
  command->callback([=] {
    Arguments& a = *arguments;
    *code = WithPackedFile(&a.request.file, [&a] { return PrintResult(app::CompileFile(a.request), a.json); });
  });
}

}  // namespace lowbit::cli
