#include "lowbit/app/training/train_run.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "lowbit/app/inspect.h"
#include "lowbit/app/recipe_network.h"
#include "lowbit/app/resolved_recipe.h"
#include "lowbit/app/start_weights.h"
#include "lowbit/app/training/run_description.h"
#include "lowbit/app/training/teacher.h"
#include "lowbit/app/training/widths.h"
#include "lowbit/base/file.h"
#include "lowbit/base/thread_pool.h"
#include "lowbit/format/lbm/lbm.h"
#include "lowbit/recipe/toml.h"
#include "lowbit/report/sweep.h"
#include "lowbit/train/bfloat16.h"
#include "lowbit/train/distributed/agree.h"
#include "lowbit/train/distributed/group.h"
#include "lowbit/train/distributed/launch.h"
#include "lowbit/train/task.h"
#include "lowbit/train/trainer/checkpoint.h"
#include "lowbit/train/trainer/restore.h"
#include "lowbit/train/trainer/train_job.h"

namespace lowbit::app {
namespace {

namespace distributed = train::distributed;

// A folder without a checkpoint, or, with --resume, that of the very same recipe.
Status PrepareFolder(const std::string& folder, const std::string& recipe, bool resume) {
  if (report::IsSweepFolder(folder)) return Invalid(folder + ": holds a sweep; choose another --out for a single run");
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

// Which rank this process is, and its share of the machine.
Status PlaceAmongRanks(const TrainRequest& request, train::TrainJob* job) {
  LOWBIT_TRY(job->launch, distributed::ReadLaunch());
  const distributed::Launch& launch = job->launch;
  job->device = request.device;
  if (launch.ranks > 1 && request.device == "cuda") job->device += ":" + std::to_string(launch.local_rank);
  job->threads = request.threads > 0 ? request.threads : std::max(1, HardwareThreads() / launch.local_ranks);
  job->quiet = request.quiet || launch.rank != 0;
  return Ok();
}

Result<data::Dataset> LoadTrainingData(const recipe::DataSection& section) {
  if (section.name == "super-resolution" && section.test_path.empty()) {
    return Invalid("'data.test_path' must name the folder of the pictures that tests are made with");
  }
  return LoadRecipeData(section);
}

// Builds the networks of a job that has its recipe, data and place, and finds what is wrong with it before anything is
// written. `starts`: the network gets the start values of the recipe.
Result<RecipeNetwork> Prepare(bool starts, train::TrainJob* job) {
  LOWBIT_RETURN_IF_ERROR(
      train::CreateTask(job->recipe, job->dataset));  // What is wrong with labels says so before the network does.
  LOWBIT_TRY(RecipeNetwork network, DescribeNetwork(job->recipe, job->dataset));
  if (train::TaskName(job->dataset) == "agreement") LOWBIT_RETURN_IF_ERROR(TakeTeachersClasses(&network));
  LOWBIT_TRY(job->graph, BuildNetwork(network));
  LOWBIT_TRY(job->teacher, LoadTeacher(network));
  if (starts) LOWBIT_RETURN_IF_ERROR(LoadStartWeights(job->recipe.model, &job->graph));
  LOWBIT_RETURN_IF_ERROR(train::CheckJob(*job));
  return network;
}

// The bits of single layers, if the recipe wants those of another run; once begun, a run keeps its own.
Status FollowWidths(bool resumes, train::TrainJob* job) {
  recipe::QuantizeSection& quantize = job->recipe.quantize;
  if (quantize.widths.empty()) return Ok();
  if (resumes) {
    LOWBIT_TRY(const RecipeNetwork begun, ReadRunDescription(job->folder));
    quantize = begun.recipe.quantize;
    return Ok();
  }
  LOWBIT_TRY(const Widths widths, ReadWidths(WidthsFolder(quantize.widths, job->folder), quantize.equal_widths));
  AddWidths(widths, &quantize);
  return Ok();
}

void PrintWarnings(const train::TrainJob& job) {
  for (const std::string& warning : job.dataset.warnings) {
    std::fprintf(stderr, "%s  warning: %s\n", job.recipe.name.c_str(), warning.c_str());
  }
  if (job.recipe.train.amp && job.device == "cpu" && !train::MultipliesBfloat16()) {
    std::fprintf(
        stderr,
        "%s  warning: train.amp: this processor has no instructions for bfloat16 (AVX512-BF16); training without "
        "amp is faster\n",
        job.recipe.name.c_str());
  }
}

// What was met on the way; each rank tells of the pictures that it read.
void PrintDamage(const train::TrainJob& job) {
  for (const data::ImageSet* set : {&job.dataset.train, &job.dataset.test}) {
    if (set == &job.dataset.test && set->reader == job.dataset.train.reader) continue;
    const std::string damage = set->Damage();
    if (!damage.empty()) std::fprintf(stderr, "%s  warning: %s\n", job.recipe.name.c_str(), damage.c_str());
  }
}

// Ranks that train different things would average them without a word.
Status CheckSameRun(const std::string& recipe, const train::TrainJob& job) {
  const std::string run =
      recipe + std::to_string(job.dataset.train.count()) + " " + std::to_string(job.dataset.tests()) + " images";
  LOWBIT_TRY(const bool same, distributed::SameOnAll(run, job.group));
  if (same) return Ok();
  return Invalid("the ranks were not started alike: they have different recipes, --set or data");
}

// [data] of a run, to tell whether two runs have the same data.
std::string DataText(const recipe::SweepRun& run) {
  const auto& tables = std::get<ConfigTable>(run.config.value);
  const auto data = tables.find("data");
  return data == tables.end() ? "" : recipe::ToToml(data->second);
}

}  // namespace

Status CheckRuns(const std::vector<recipe::SweepRun>& runs, const std::string& device) {
  std::set<std::string> groups;
  train::TrainJob job;  // Keeps its data as long as runs have the same.
  std::optional<std::string> loaded;
  job.device = device;
  for (const recipe::SweepRun& run : runs) {
    if (!groups.insert(run.group).second) continue;
    job.recipe = run.recipe;
    if (loaded != DataText(run)) {
      LOWBIT_TRY(job.dataset, LoadTrainingData(job.recipe.data));
      loaded = DataText(run);
    }
    // A run of the same sweep has no widths yet.
    if (!AreBeside(job.recipe.quantize.widths)) LOWBIT_RETURN_IF_ERROR(FollowWidths(/*resumes=*/false, &job));
    const Result<RecipeNetwork> network = Prepare(/*starts=*/true, &job);
    if (!network.ok()) return Error{network.error().kind, network.error().message + " (run '" + run.name + "')"};
  }
  return Ok();
}

Result<TrainSummary> TrainRun(const TrainRequest& request) {
  LOWBIT_TRY(const ResolvedRecipe resolved, ResolveRecipe(request.recipe_path, request.overrides));
  train::TrainJob job;
  job.recipe = resolved.recipe;
  job.folder = request.out.empty() ? "runs/" + job.recipe.name : request.out;
  job.resume = request.resume;
  LOWBIT_RETURN_IF_ERROR(PlaceAmongRanks(request, &job));
  LOWBIT_TRY(job.dataset, LoadTrainingData(job.recipe.data));
  if (job.launch.rank == 0) PrintWarnings(job);
  const bool resumes = job.resume && FileExists(train::CheckpointPath(job.folder));
  if (resumes && !job.recipe.model.file.empty()) job.recipe.model.file = NetworkPath(job.folder);
  LOWBIT_RETURN_IF_ERROR(FollowWidths(resumes, &job));
  // The other ranks receive the start values of rank 0.
  LOWBIT_TRY(const RecipeNetwork network, Prepare(!resumes && job.launch.rank == 0, &job));
  LOWBIT_TRY(const std::unique_ptr<distributed::Group> group, distributed::Join(job.launch, job.device));
  job.group = group.get();
  LOWBIT_RETURN_IF_ERROR(CheckSameRun(resolved.text, job));
  const auto begin_folder = [&]() -> Status {
    LOWBIT_RETURN_IF_ERROR(PrepareFolder(job.folder, resolved.text, job.resume));
    return WriteRunDescription(job.folder, network, job);
  };
  LOWBIT_RETURN_IF_ERROR(distributed::OnRoot(begin_folder, job.group));

  LOWBIT_TRY(const train::TrainOutcome outcome, train::Train(job));
  PrintDamage(job);
  if (job.launch.rank == 0) LOWBIT_RETURN_IF_ERROR(PackInto(job));
  TrainSummary summary;
  summary.rank = job.launch.rank;
  summary.folder = job.folder;
  summary.iterations = outcome.iterations;
  summary.measure = outcome.measure;
  summary.test_score = outcome.test_score;
  summary.test_loss = outcome.test_loss;
  summary.best_test_score = outcome.best_test_score;
  summary.best_epoch = outcome.best_epoch;
  summary.seconds = outcome.seconds;
  return summary;
}

}  // namespace lowbit::app
