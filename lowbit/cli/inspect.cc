#include "lowbit/app/inspect.h"

#include <memory>
#include <string>

#include "lowbit/app/kernel_plan.h"
#include "lowbit/cli/commands.h"
#include "lowbit/cli/output.h"
#include "lowbit/cli/packed_argument.h"

namespace lowbit::cli {

void AddInspect(CLI::App* program, int* code) {
  struct Arguments {
    std::string path;
    bool kernels = false, strict = false, json = false;
  };
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program->add_subcommand("inspect", "Show what a packed file holds, layer by layer.");
  command->add_option("file", arguments->path, kPackedHelp)->required();
  command->add_flag("--kernels", arguments->kernels, "Show instead which code runs each node on this machine, and why");
  command->add_flag("--strict", arguments->strict, "With --kernels: fail if a node would run by a fallback")
      ->needs("--kernels");
  command->add_flag("--json", arguments->json, "Print one JSON object");
  command->callback([=] {
    Arguments& a = *arguments;
    *code = WithPackedFile(&a.path, [&a] {
      if (a.kernels) return PrintResult(app::PlanKernels(a.path, a.strict), a.json);
      return PrintResult(app::Inspect(a.path), a.json);
    });
  });
}

}  // namespace lowbit::cli
