#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>

#include "lowbit/app/compress_file.h"
#include "lowbit/cli/commands.h"
#include "lowbit/cli/output.h"
#include "lowbit/cli/packed_argument.h"

namespace lowbit::cli {
namespace {

constexpr int64_t kBarWidth = 20;

// One line on a terminal that is written over, one for each layer elsewhere.
void ShowLayer(int64_t done, int64_t of, const std::string& layer) {
  const std::string bar(static_cast<size_t>(kBarWidth * done / of), '#');
  const bool terminal = isatty(STDERR_FILENO) != 0;
  std::fprintf(stderr, "%s[%-*s] %lld/%lld %s%s", terminal ? "\r\033[K" : "", static_cast<int>(kBarWidth), bar.c_str(),
               static_cast<long long>(done), static_cast<long long>(of), layer.c_str(),
               terminal && done < of ? "" : "\n");
  std::fflush(stderr);
}

}  // namespace

void AddCompress(CLI::App* program, int* code) {
  struct Arguments {
    app::CompressFileRequest request;
    std::string method = "pq";
    bool quiet = false, no_accuracy = false, json = false;
  };
  auto arguments = std::make_shared<Arguments>();
  app::CompressFileRequest& request = arguments->request;
  CLI::App* command = program->add_subcommand(
      "compress", "Replace the float weights of a packed network by codes and codebooks, fitted on images.");
  command->add_option("file", request.file, std::string(kPackedHelp) + ", with float weights")->required();
  command->add_option("-o,--out", request.out, "The .lbm file to write");
  command->add_option("--data", request.data,
                      "NAME[:PATH] of the data set (default: the one trained on); none: fit the weights, without data");
  command->add_option("--method", arguments->method, "pq: product quantization")
      ->check(CLI::IsMember({"pq"}))
      ->capture_default_str();
  command->add_option("--regime", request.regime, "small (1/14 to 1/29) or large blocks (1/30 to 1/43)")
      ->check(CLI::IsMember({"small", "large"}))
      ->capture_default_str();
  command->add_option("--budget", request.budget, "Largest size: bytes (90000, 88KiB, 1.5MiB) or bits (720000b)");
  command->add_option("--set", request.settings, "key=value, such as codebook=int8 (docs/compress.md)")
      ->allow_extra_args(false);
  command
      ->add_option("--epochs", request.finetuning.epochs,
                   "Train all codebooks and what stays float, so many epochs, from the float network and the labels")
      ->check(CLI::Range(1, 1000000));
  command->add_option("--finetune", request.finetuning.recipe,
                      "The recipe of that training: its [data], [augment], [train] and [distill]");
  command->add_flag("--dry-run", request.dry_run, "Print what each layer would take, and write nothing");
  command->add_flag("--resume", request.resume, "Continue what was interrupted");
  command->add_flag("--no-accuracy", arguments->no_accuracy, "Do not test the networks before and after");
  command->add_option("--threads", request.threads, "Threads (0: all cores)")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command->add_flag("--quiet", arguments->quiet, "Print nothing before the result");
  command->add_flag("--json", arguments->json, "Print one JSON object");
  command->callback([=] {
    app::CompressFileRequest& chosen = arguments->request;
    if (chosen.out.empty() && !chosen.dry_run) {
      *code = Report(Invalid("compress: -o FILE is required, or --dry-run"));
      return;
    }
    chosen.accuracy = !arguments->no_accuracy;
    chosen.quiet = arguments->quiet;
    if (!arguments->quiet) chosen.progress = ShowLayer;
    *code = WithPackedFile(&chosen.file, [&] { return PrintResult(app::CompressFile(chosen), arguments->json); });
  });
}

}  // namespace lowbit::cli
