#include <memory>
#include <string>

#include "lowbit/app/accelerate_file.h"
#include "lowbit/cli/commands.h"
#include "lowbit/cli/output.h"
#include "lowbit/cli/packed_argument.h"

namespace lowbit::cli {

void AddAccelerate(CLI::App* program, int* code) {
  struct Arguments {
    app::AccelerateRequest request;
    bool json = false;
  };
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program->add_subcommand(
      "accelerate", "Lay a packed network out for the accelerator (hardware), and count its cycles.");
  command->add_option("file", arguments->request.file, kPackedHelp)->required();
  command->add_option("--from", arguments->request.options.from,
                      "The quantizer of activations, by its node's name, whose integers it begins with (the first)");
  command->add_option("--to", arguments->request.options.to,
                      "The quantizer, Conv or Gemm that it ends with (the last that it can)");
  command
      ->add_option("--lanes", arguments->request.options.lanes,
                   "Input and output channels that it multiplies in a cycle, 1 to 64")
      ->capture_default_str();
  command->add_option("--clock", arguments->request.megahertz, "Megahertz that times are told for")
      ->capture_default_str();
  command->add_option("--check", arguments->request.check,
                      "Images of random pixels on which its plain model must give the network's integers");
  command->add_option("-o,--out", arguments->request.out,
                      "A folder to write what its memories hold into (hardware/README.md)");
  command->add_flag("--json", arguments->json, "Print one JSON object");
  command->callback([=] {
    Arguments& a = *arguments;
    *code = WithPackedFile(&a.request.file, [&a] { return PrintResult(app::AccelerateFile(a.request), a.json); });
  });
}

}  // namespace lowbit::cli
