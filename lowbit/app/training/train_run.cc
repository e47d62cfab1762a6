#include "lowbit/app/training/train_run.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "lowbit/app/inspect.h"
#include "lowbit/app/training/run_description.h"
#include "lowbit/base/file.h"
#include "lowbit/base/thread_pool.h"
#include "lowbit/data/statistics.h"
#include "lowbit/format/lbm/lbm.h"
#include "lowbit/recipe/toml.h"
#include "lowbit/train/distributed/agree.h"
#include "lowbit/train/distributed/group.h"
#include "lowbit/train/distributed/launch.h"
#include "lowbit/train/trainer/checkpoint.h"
#include "lowbit/train/trainer/restore.h"
#include "lowbit/train/trainer/train_job.h"

namespace lowbit::app {
namespace {

namespace distributed = train::distributed;

struct ResolvedRecipe {
  recipe::Recipe recipe;
  std::string text;  // As TOML, overrides included.
};

Result<ResolvedRecipe> ResolveRecipe(const TrainRequest& request) {
  LOWBIT_TRY(Config config, recipe::ParseRecipe(request.recipe_path));
  for (const std::string& text : request.overrides) {
    LOWBIT_RETURN_IF_ERROR(recipe::ApplyOverride(&config, text));
  }
  ResolvedRecipe resolved;
  LOWBIT_TRY(resolved.recipe, recipe::ReadRecipe(config));
  if (resolved.recipe.name.empty()) resolved.recipe.name = std::filesystem::path(request.recipe_path).stem().string();
  std::get<ConfigTable>(config.value)["name"].value = resolved.recipe.name;
  resolved.text = recipe::ToToml(config);
  return resolved;
}

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

void Limit(int64_t limit, data::ImageSet* images) {
  if (limit <= 0 || limit >= images->count()) return;
  images->labels.resize(static_cast<size_t>(limit));
  images->pixels.resize(static_cast<size_t>(limit * Elements(images->image)));
}

Result<data::Dataset> LoadData(const recipe::DataSection& section) {
  LOWBIT_TRY(data::Dataset dataset, data::LoadDataset(section.name, section.path));
  Limit(section.train_limit, &dataset.train);
  Limit(section.test_limit, &dataset.test);
  return dataset;
}

std::vector<float> Floats(const std::vector<double>& values) { return {values.begin(), values.end()}; }

models::ModelInput MakeInput(const recipe::DataSection& section, const data::Dataset& dataset) {
  using Normalize = recipe::DataSection::Normalize;
  models::ModelInput input;
  input.image = dataset.train.image;
  input.classes = dataset.classes;
  input.scale = {static_cast<float>(section.scale.value_or(1))};
  switch (section.normalize) {
    case Normalize::kNone:
      input.mean.assign(static_cast<size_t>(input.image[0]), 0);
      break;
    case Normalize::kMeanImage:
      input.mean = Floats(data::MeanImage(dataset.train));
      break;
    case Normalize::kChannel:
      input.mean = Floats(data::ChannelMean(dataset.train));
      if (section.scale.has_value()) break;
      input.scale.clear();
      // A channel that never changes carries nothing; any finite scale will do.
      for (const double deviation : data::ChannelStd(dataset.train)) {
        input.scale.push_back(deviation > 0 ? static_cast<float>(1 / deviation) : 1.0f);
      }
      break;
  }
  return input;
}

RunDescription Describe(const recipe::Recipe& recipe, const data::Dataset& dataset) {
  RunDescription description;
  description.recipe = recipe;
  description.input = MakeInput(recipe.data, dataset);
  description.dataset = dataset.name + ":" + dataset.path;
  description.class_names = dataset.class_names;
  return description;
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

void PrintWarnings(const train::TrainJob& job) {
  for (const std::string& warning : job.dataset.warnings) {
    std::fprintf(stderr, "%s  warning: %s\n", job.recipe.name.c_str(), warning.c_str());
  }
}

// Ranks that train different things would average them without a word.
Status CheckSameRun(const std::string& recipe, const train::TrainJob& job) {
  const std::string run =
      recipe + std::to_string(job.dataset.train.count()) + " " + std::to_string(job.dataset.test.count()) + " images";
  LOWBIT_TRY(const bool same, distributed::SameOnAll(run, job.group));
  if (same) return Ok();
  return Invalid("the ranks were not started alike: they have different recipes, --set or data");
}

}  // namespace

Result<TrainSummary> TrainRun(const TrainRequest& request) {
  LOWBIT_TRY(const ResolvedRecipe resolved, ResolveRecipe(request));
  train::TrainJob job;
  job.recipe = resolved.recipe;
  job.folder = request.out.empty() ? "runs/" + job.recipe.name : request.out;
  job.resume = request.resume;
  LOWBIT_RETURN_IF_ERROR(PlaceAmongRanks(request, &job));
  LOWBIT_TRY(job.dataset, LoadData(job.recipe.data));
  if (job.launch.rank == 0) PrintWarnings(job);
  const RunDescription description = Describe(job.recipe, job.dataset);
  LOWBIT_TRY(job.graph, BuildNetwork(description));
  LOWBIT_RETURN_IF_ERROR(train::CheckJob(job));
  LOWBIT_TRY(const std::unique_ptr<distributed::Group> group, distributed::Join(job.launch, job.device));
  job.group = group.get();
  LOWBIT_RETURN_IF_ERROR(CheckSameRun(resolved.text, job));
  const auto begin_folder = [&]() -> Status {
    LOWBIT_RETURN_IF_ERROR(PrepareFolder(job.folder, resolved.text, job.resume));
    return WriteRunDescription(job.folder, description, job);
  };
  LOWBIT_RETURN_IF_ERROR(distributed::OnRoot(begin_folder, job.group));

  LOWBIT_TRY(const train::TrainOutcome outcome, train::Train(job));
  if (job.launch.rank == 0) LOWBIT_RETURN_IF_ERROR(PackInto(job));
  TrainSummary summary;
  summary.rank = job.launch.rank;
  summary.folder = job.folder;
  summary.iterations = outcome.iterations;
  summary.test_accuracy = outcome.test_accuracy;
  summary.seconds = outcome.seconds;
  return summary;
}

}  // namespace lowbit::app
