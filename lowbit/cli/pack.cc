#include <fmt/format.h>

#include <memory>
#include <string>

#include "lowbit/app/pack_run.h"
#include "lowbit/cli/commands.h"
#include "lowbit/cli/output.h"

namespace lowbit::cli {
namespace {

struct PackArguments {
  std::string run, out;
};

int RunPack(const PackArguments& arguments) {
  const Result<app::Inspection> packed = app::PackRun(arguments.run, arguments.out);
  if (!packed.ok()) return Report(packed.error());
  const app::Inspection& file = packed.value();
  return Print(fmt::format("{}: {} bytes, {:.2f} bits per weight, {:.1f} % of its size as floats\n", file.path,
                           file.file_bytes, file.bits_per_weight(), 100 / file.compression()));
}

}  // namespace

void AddPack(CLI::App* program, int* code) {
  auto arguments = std::make_shared<PackArguments>();
  CLI::App* command = program->add_subcommand("pack", "Write a run's network as one small file.");
  command->add_option("run", arguments->run, "The run's folder")->required();
  command->add_option("-o,--out", arguments->out, "The .lbm file to write")->required();
  command->callback([=] { *code = RunPack(*arguments); });
}

}  // namespace lowbit::cli
