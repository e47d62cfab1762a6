#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "lowbit/app/classify_images.h"
#include "lowbit/app/segment_pictures.h"
#include "lowbit/app/transcribe_recordings.h"
#include "lowbit/cli/commands.h"
#include "lowbit/cli/output.h"
#include "lowbit/cli/packed_argument.h"

namespace lowbit::cli {
namespace {

struct RunArguments {
  std::string model;
  std::vector<std::string> images;
  std::string mask;
  int64_t top = 3;
  int threads = 1;
  bool json = false;
};

int Run(const RunArguments& a) {
  Result<app::Classifier> network = app::Classifier::LoadAny(a.model, a.threads);
  if (!network.ok()) return Report(network.error());
  if (network.value().MakesMaps()) {
    return PrintResult(app::SegmentPictures(a.model, a.images, a.mask, a.top, a.threads), a.json);
  }
  if (!a.mask.empty())
    return Report(Invalid("-o writes the mask of a network that tells classes of pixels; " + a.model + " does not"));
  if (network.value().Transcribes())
    return PrintResult(app::TranscribeRecordings(a.model, a.images, a.threads), a.json);
  return PrintResult(app::ClassifyImages(std::move(network).value(), a.images, a.top), a.json);
}

}  // namespace

void AddRun(CLI::App* program, int* code) {
  auto arguments = std::make_shared<RunArguments>();
  CLI::App* command = program->add_subcommand(
      "run", "Classify image files, their pixels, or recordings, or write down what is said, with a packed network.");
  command->add_option("model", arguments->model, kPackedHelp)->required();
  command->add_option("images", arguments->images, "PNG, JPEG, PGM or PPM files; WAV or FLAC for a network of sounds")
      ->required();
  command->add_option("-o,--output", arguments->mask,
                      "Of a network that tells classes of pixels: write the picture's mask, a .png file");
  command->add_option("--top", arguments->top, "How many classes to print")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  command->add_option("--threads", arguments->threads, "Threads (0: all cores)")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command->add_flag("--json", arguments->json, "Print one JSON object");
  command->callback([=] {
    RunArguments& a = *arguments;
    *code = WithPackedFile(&a.model, [&a] { return Run(a); });
  });
}

}  // namespace lowbit::cli
