#include <memory>
#include <string>

#include "lowbit/app/training_module.h"
#include "lowbit/cli/commands.h"
#include "lowbit/cli/output.h"
#include "lowbit/cli/recipe_arguments.h"

namespace lowbit::cli {
namespace {

struct TrainArguments {
  app::SweepRequest request;
  bool json = false;
};

int RunSweep(app::TrainingModule* module, const TrainArguments& arguments) {
  const Result<app::SweepSummary> summary = module->TrainSweep(arguments.request);
  const int code = PrintResult(summary, arguments.json);
  if (code != 0) return code;
  const Status complete = app::Completeness(summary.value());
  return complete.ok() ? 0 : Report(complete.error());
}

int RunTrain(const TrainArguments& arguments) {
  const Result<app::TrainingModule*> module = app::LoadTrainingModule();
  if (!module.ok()) return Report(module.error());
  const app::TrainRequest& request = arguments.request.train;
  const Result<bool> sweep = module.value()->IsSweep(request);
  if (!sweep.ok()) return Report(sweep.error());
  if (sweep.value()) return RunSweep(module.value(), arguments);
  if (arguments.request.jobs > 1) {
    return Report(Invalid("--jobs: " + request.recipe_path + " is one run; it has no [sweep]"));
  }
  const Result<app::TrainSummary> summary = module.value()->Train(request);
  // Of several ranks, one prints.
  if (summary.ok() && summary.value().rank != 0) return 0;
  return PrintResult(summary, arguments.json);
}

}  // namespace

void AddTrain(CLI::App* program, int* code) {
  auto arguments = std::make_shared<TrainArguments>();
  app::TrainRequest& request = arguments->request.train;
  CLI::App* command =
      program->add_subcommand("train", "Train a network, or the networks of a sweep, as a recipe says.");
  AddRecipe(command, &request.recipe_path, &request.overrides);
  command->add_option("--out", request.out, "Folder of the run or sweep (default: runs/<name of the recipe>)");
  command->add_option("--device", request.device, "cpu or cuda")->capture_default_str();
  command
      ->add_option("--threads", request.threads,
                   "Threads (0: all cores, shared out among this machine's ranks or a sweep's --jobs)")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command->add_option("--jobs", arguments->request.jobs, "Runs of a sweep at a time, each a process of its own")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command->add_flag("--resume", request.resume,
                    "Continue what the folder holds from the last checkpoints, if there are any");
  command->add_flag("--quiet", request.quiet, "Print nothing while training");
  command->add_flag("--json", arguments->json, "Print the result as one JSON object");
  command->callback([=] {
    const bool empty = command->count("--out") > 0 && arguments->request.train.out.empty();
    *code = empty ? Report(Invalid("--out: is empty; the folder of the run was expected")) : RunTrain(*arguments);
  });
}

}  // namespace lowbit::cli
