// The command line: parses, calls one use case of lowbit/app, prints.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "lowbit/base/suggest.h"
#include "lowbit/base/version.h"
#include "lowbit/cli/commands.h"

namespace {

constexpr int kWrongUsage = 2;

// CLI11 says of a misspelt command that one is required.
std::string Message(const CLI::App& program, const std::string& first, const CLI::ParseError& error) {
  std::vector<std::string> commands;
  for (const CLI::App* command : program.get_subcommands({})) commands.push_back(command->get_name());
  const bool known = std::find(commands.begin(), commands.end(), first) != commands.end();
  return known || first.empty() || first[0] == '-' ? error.what() : lowbit::UnknownName("command", first, commands);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App program("Train, compress and run 1-4-bit neural networks.", "lowbit");
  program.set_version_flag("--version", std::string("lowbit ") + lowbit::Version() + " (" + lowbit::Commit() + ")");
  program.require_subcommand(1);
  program.footer(
      "Each command has its own --help. Exit codes: 0 done, 1 failed at run time, 2 wrong usage or bad input.");
  int code = 0;
  lowbit::cli::AddTrain(&program, &code);
  lowbit::cli::AddEval(&program, &code);
  lowbit::cli::AddPack(&program, &code);
  lowbit::cli::AddImport(&program, &code);
  lowbit::cli::AddExport(&program, &code);
  lowbit::cli::AddCalibrate(&program, &code);
  lowbit::cli::AddCompress(&program, &code);
  lowbit::cli::AddAccelerate(&program, &code);
  lowbit::cli::AddCompile(&program, &code);
  lowbit::cli::AddRun(&program, &code);
  lowbit::cli::AddInspect(&program, &code);
  lowbit::cli::AddData(&program, &code);
  lowbit::cli::AddReport(&program, &code);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return program.exit(error);  // --help, --version
    const std::string message = Message(program, argc > 1 ? argv[1] : "", error);
    std::fprintf(stderr, "lowbit: %s\nRun with --help for usage.\n", message.c_str());
    return kWrongUsage;
  }
  return code;
}
