#include "lowbit/app/training/train_run.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "lowbit/app/inspect.h"
#include "lowbit/app/training/resolve_recipe.h"
#include "lowbit/app/training/run_description.h"
#include "lowbit/base/file.h"
#include "lowbit/base/thread_pool.h"
#include "lowbit/data/statistics.h"
#include "lowbit/format/lbm/lbm.h"
#include "lowbit/recipe/toml.h"
#include "lowbit/report/sweep.h"
#include "lowbit/train/trainer/checkpoint.h"
#include "lowbit/train/trainer/restore.h"
#include "lowbit/train/trainer/train_job.h"

namespace lowbit::app {
namespace {

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

// A run that can begin: all that is wrong with it has been found, and nothing written.
struct PreparedRun {
  train::TrainJob job;
  RunDescription description;
};

Result<PreparedRun> Prepare(const recipe::Recipe& recipe, data::Dataset dataset, const std::string& device) {
  PreparedRun run;
  run.job.recipe = recipe;
  run.job.dataset = std::move(dataset);
  run.job.device = device;
  run.description = Describe(recipe, run.job.dataset);
  LOWBIT_TRY(run.job.graph, BuildNetwork(run.description));
  LOWBIT_RETURN_IF_ERROR(train::CheckJob(run.job));
  return run;
}

}  // namespace

Status CheckRuns(const std::vector<recipe::SweepRun>& runs, const std::string& device) {
  std::set<std::string> groups;
  std::string loaded;
  data::Dataset dataset;
  for (const recipe::SweepRun& run : runs) {
    if (!groups.insert(run.group).second) continue;
    const auto& tables = std::get<ConfigTable>(run.config.value);
    const auto data = tables.find("data");
    const std::string wanted = "data\n" + (data == tables.end() ? "" : recipe::ToToml(data->second));
    if (loaded != wanted) {
      LOWBIT_TRY(dataset, LoadData(run.recipe.data));
      loaded = wanted;
    }
    Result<PreparedRun> prepared = Prepare(run.recipe, std::move(dataset), device);
    if (!prepared.ok()) {
      return Error{prepared.error().kind, prepared.error().message + " (run '" + run.name + "')"};
    }
    dataset = std::move(prepared.value().job.dataset);
  }
  return Ok();
}

Result<TrainSummary> TrainRun(const TrainRequest& request) {
  LOWBIT_TRY(const Config config, ResolveRecipe(request));
  LOWBIT_TRY(const recipe::Recipe recipe, recipe::ReadRecipe(config));
  LOWBIT_TRY(data::Dataset dataset, LoadData(recipe.data));
  for (const std::string& warning : dataset.warnings) {
    std::fprintf(stderr, "%s  warning: %s\n", recipe.name.c_str(), warning.c_str());
  }
  LOWBIT_TRY(PreparedRun run, Prepare(recipe, std::move(dataset), request.device));
  train::TrainJob& job = run.job;
  job.folder = request.out.empty() ? "runs/" + recipe.name : request.out;
  job.threads = request.threads > 0 ? request.threads : HardwareThreads();
  job.resume = request.resume;
  job.quiet = request.quiet;
  LOWBIT_RETURN_IF_ERROR(PrepareFolder(job.folder, recipe::ToToml(config), job.resume));
  LOWBIT_RETURN_IF_ERROR(
      WriteRunDescription(job.folder, run.description, job.dataset, job.graph, job.device, job.threads));

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
