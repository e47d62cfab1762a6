#include <memory>
#include <string>

#include "lowbit/app/accelerate_file.h"
#include "lowbit/cli/commands.h"
#include "lowbit/cli/output.h"
#include "lowbit/cli/packed_argument.h"

namespace lowbit::cli {

void AddAccelerate(CLI::App* program, int* code) {
  struct Arguments {
    std::string path;
    accelerator::CompileOptions options;
    double megahertz = 200;
    bool json = false;
  };
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program->add_subcommand(
      "accelerate", "Lay a packed network out for the accelerator (hardware), and count its cycles.");
  command->add_option("file", arguments->path, kPackedHelp)->required();
  command->add_option("--from", arguments->options.from,
                      "The quantizer of activations, by its node's name, whose integers it begins with (the first)");
  command->add_option("--to", arguments->options.to,
                      "The quantizer, Conv or Gemm that it ends with (the last that it can)");
  command
      ->add_option("--lanes", arguments->options.lanes,
                   "Input and output channels that it multiplies in a cycle, 1 to 64")
      ->capture_default_str();
  command->add_option("--clock", arguments->megahertz, "Megahertz that times are told for")->capture_default_str();
  command->add_flag("--json", arguments->json, "Print one JSON object");
  command->callback([=] {
    Arguments& a = *arguments;
    *code = WithPackedFile(&a.path,
                           [&a] { return PrintResult(app::AccelerateFile(a.path, a.options, a.megahertz), a.json); });
  });
}

}  // namespace lowbit::cli
