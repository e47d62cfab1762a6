#include <fmt/format.h>

#include <memory>

#include "lowbit/app/training_module.h"
#include "lowbit/cli/commands.h"
#include "lowbit/cli/output.h"

namespace lowbit::cli {
namespace {

int RunTrain(const app::TrainRequest& request) {
  const Result<app::TrainingModule*> module = app::LoadTrainingModule();
  if (!module.ok()) return Report(module.error());
  const Result<app::TrainSummary> summary = module.value()->Train(request);
  if (!summary.ok()) return Report(summary.error());
  if (summary.value().rank != 0) return 0;
  return Print(fmt::format("{}: {:.2f} % on the test set after {} iterations (last epoch), {:.0f} s of training\n",
                           summary.value().folder, 100 * summary.value().test_accuracy, summary.value().iterations,
                           summary.value().seconds));
}

}  // namespace

void AddTrain(CLI::App* program, int* code) {
  auto request = std::make_shared<app::TrainRequest>();
  CLI::App* command = program->add_subcommand("train", "Train a network as a recipe says.");
  command->add_option("recipe", request->recipe_path, "The recipe, a TOML file")->required();
  command->add_option("--out", request->out, "Folder of the run (default: runs/<name of the recipe>)");
  command->add_option("--set", request->overrides, "key=value: override a setting of the recipe; may be repeated")
      ->take_all()
      ->allow_extra_args(false);
  command->add_option("--device", request->device, "cpu or cuda")->capture_default_str();
  command->add_option("--threads", request->threads, "Threads (0: all cores, shared out among this machine's ranks)")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command->add_flag("--resume", request->resume, "Continue from the folder's last checkpoint, if there is one");
  command->add_flag("--quiet", request->quiet, "Print nothing while training");
  command->callback([=] { *code = RunTrain(*request); });
}

}  // namespace lowbit::cli
