#include <memory>
#include <string>
#include <vector>

#include "lowbit/app/classify_images.h"
#include "lowbit/cli/commands.h"
#include "lowbit/cli/output.h"
#include "lowbit/cli/packed_argument.h"

namespace lowbit::cli {
namespace {

struct RunArguments {
  std::string model;
  std::vector<std::string> images;
  int64_t top = 3;
  int threads = 1;
  bool json = false;
};

}  // namespace

void AddRun(CLI::App* program, int* code) {
  auto arguments = std::make_shared<RunArguments>();
  CLI::App* command = program->add_subcommand("run", "Classify image files, or recordings, with a packed network.");
  command->add_option("model", arguments->model, kPackedHelp)->required();
  command->add_option("images", arguments->images, "PNG, JPEG, PGM or PPM files; WAV or FLAC for a network of sounds")
      ->required();
  command->add_option("--top", arguments->top, "How many classes to print")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  command->add_option("--threads", arguments->threads, "Threads (0: all cores)")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command->add_flag("--json", arguments->json, "Print one JSON object");
  command->callback([=] {
    RunArguments& a = *arguments;
    *code = WithPackedFile(
        &a.model, [&a] { return PrintResult(app::ClassifyImages(a.model, a.images, a.top, a.threads), a.json); });
  });
}

}  // namespace lowbit::cli
