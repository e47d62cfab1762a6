#include "lowbit/app/training/train_run.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "lowbit/app/inspect.h"
#include "lowbit/app/recipe_network.h"
#include "lowbit/app/resolved_recipe.h"
#include "lowbit/app/start_weights.h"
#include "lowbit/app/training/run_description.h"
#include "lowbit/base/file.h"
#include "lowbit/base/thread_pool.h"
#include "lowbit/format/lbm/lbm.h"
#include "lowbit/train/trainer/checkpoint.h"
#include "lowbit/train/trainer/restore.h"
#include "lowbit/train/trainer/train_job.h"

namespace lowbit::app {
namespace {

// A folder without a checkpoint, or, with --resume, that of the very same recipe.
Status PrepareFolder(const std::string& folder, const std::string& recipe, bool resume) {
  LOWBIT_RETURN_IF_ERROR(MakeFolders(folder));
  const std::string path = folder + "/recipe.toml";
  if (!FileExists(train::CheckpointPath(folder))) return WriteFileAtomic(path, recipe);
  if (!resume) return Invalid(folder + ": already holds a run; choose another --out, or --resume to continue it");
  LOWBIT_TRY(const std::string before, ReadTextFile(path));
  if (before == recipe) return Ok();
  return Invalid(path + ": differs from the recipe given now; a run is resumed with the recipe that it began with");
}

// Leaves the packed network in the run's folder, and its size in metrics.jsonl.
Status PackInto(const train::TrainJob& job) {
  LOWBIT_TRY(const Graph graph, train::Freeze({job.recipe, job.graph, job.folder}));
  const std::string path = job.folder + "/model.lbm";
  LOWBIT_RETURN_IF_ERROR(lbm::Write(graph, path));
  LOWBIT_TRY(const Inspection packed, Inspect(path));
  const nlohmann::ordered_json line = {{"kind", "size"},
                                       {"float_bytes", packed.float_bytes},
                                       {"packed_bytes", packed.file_bytes},
                                       {"bits_per_weight", packed.bits_per_weight()}};
  return AppendToFile(job.folder + "/metrics.jsonl", line.dump() + "\n");
}

}  // namespace

Result<TrainSummary> TrainRun(const TrainRequest& request) {
  LOWBIT_TRY(const ResolvedRecipe resolved, ResolveRecipe(request.recipe_path, request.overrides));
  train::TrainJob job;
  job.recipe = resolved.recipe;
  job.folder = request.out.empty() ? "runs/" + job.recipe.name : request.out;
  job.device = request.device;
  job.threads = request.threads > 0 ? request.threads : HardwareThreads();
  job.resume = request.resume;
  job.quiet = request.quiet;
  LOWBIT_TRY(job.dataset, LoadRecipeData(job.recipe.data));
  for (const std::string& warning : job.dataset.warnings) {
    std::fprintf(stderr, "%s  warning: %s\n", job.recipe.name.c_str(), warning.c_str());
  }
  LOWBIT_TRY(const RecipeNetwork network, DescribeNetwork(job.recipe, job.dataset));
  LOWBIT_TRY(job.graph, BuildNetwork(network));
  const bool resumes = job.resume && FileExists(train::CheckpointPath(job.folder));
  if (!resumes) LOWBIT_RETURN_IF_ERROR(LoadStartWeights(job.recipe.model, &job.graph));
  LOWBIT_RETURN_IF_ERROR(train::CheckJob(job));
  LOWBIT_RETURN_IF_ERROR(PrepareFolder(job.folder, resolved.text, job.resume));
  LOWBIT_RETURN_IF_ERROR(WriteRunDescription(job.folder, network, job.dataset, job.graph, job.device, job.threads));

  LOWBIT_TRY(const train::TrainOutcome outcome, train::Train(job));
  LOWBIT_RETURN_IF_ERROR(PackInto(job));
  TrainSummary summary;
  summary.folder = job.folder;
  summary.iterations = outcome.iterations;
  summary.test_accuracy = outcome.test_accuracy;
  summary.seconds = outcome.seconds;
  return summary;
}

}  // namespace lowbit::app
