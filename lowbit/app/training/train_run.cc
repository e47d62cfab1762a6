#include "lowbit/app/training/train_run.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "lowbit/app/inspect.h"
#include "lowbit/app/start_weights.h"
#include "lowbit/app/training/run_description.h"
#include "lowbit/base/file.h"
#include "lowbit/base/thread_pool.h"
#include "lowbit/data/statistics.h"
#include "lowbit/format/lbm/lbm.h"
#include "lowbit/recipe/toml.h"
#include "lowbit/train/trainer/checkpoint.h"
#include "lowbit/train/trainer/restore.h"
#include "lowbit/train/trainer/train_job.h"

namespace lowbit::app {
namespace {

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
  if (images->reader == nullptr) images->pixels.resize(static_cast<size_t>(limit * Elements(images->image)));
}

Result<data::Dataset> LoadData(const recipe::DataSection& section) {
  LOWBIT_TRY(data::Dataset dataset,
             data::LoadDataset(section.name, section.path, data::MakeView(section.crop, section.resize)));
  Limit(section.train_limit, &dataset.train);
  Limit(section.test_limit, &dataset.test);
  return dataset;
}

std::vector<float> Floats(const std::vector<double>& values) { return {values.begin(), values.end()}; }

Result<models::ModelInput> MakeInput(const recipe::DataSection& section, const data::Dataset& dataset) {
  using Normalize = recipe::DataSection::Normalize;
  models::ModelInput input;
  input.image = dataset.train.image;
  input.classes = dataset.classes;
  input.scale = {static_cast<float>(section.scale.value_or(1))};
  switch (section.normalize) {
    case Normalize::kNone:
      input.mean.assign(static_cast<size_t>(input.image[0]), 0);
      break;
    case Normalize::kMeanImage: {
      LOWBIT_TRY(const std::vector<double> mean, data::MeanImage(dataset.train));
      input.mean = Floats(mean);
      break;
    }
    case Normalize::kChannel: {
      LOWBIT_TRY(const data::ChannelStatistics statistics, data::MeasureChannels(dataset.train));
      input.mean = Floats(statistics.mean);
      if (section.scale.has_value()) break;
      input.scale.clear();
      // A channel that never changes carries nothing; any finite scale will do.
      for (const double deviation : statistics.deviation) {
        input.scale.push_back(deviation > 0 ? static_cast<float>(1 / deviation) : 1.0f);
      }
      break;
    }
  }
  return input;
}

Result<RunDescription> Describe(const recipe::Recipe& recipe, const data::Dataset& dataset) {
  RunDescription description;
  description.recipe = recipe;
  LOWBIT_TRY(description.input, MakeInput(recipe.data, dataset));
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

}  // namespace

Result<TrainSummary> TrainRun(const TrainRequest& request) {
  LOWBIT_TRY(const ResolvedRecipe resolved, ResolveRecipe(request));
  train::TrainJob job;
  job.recipe = resolved.recipe;
  job.folder = request.out.empty() ? "runs/" + job.recipe.name : request.out;
  job.device = request.device;
  job.threads = request.threads > 0 ? request.threads : HardwareThreads();
  job.resume = request.resume;
  job.quiet = request.quiet;
  LOWBIT_TRY(job.dataset, LoadData(job.recipe.data));
  for (const std::string& warning : job.dataset.warnings) {
    std::fprintf(stderr, "%s  warning: %s\n", job.recipe.name.c_str(), warning.c_str());
  }
  LOWBIT_TRY(const RunDescription description, Describe(job.recipe, job.dataset));
  LOWBIT_TRY(job.graph, BuildNetwork(description));
  const bool resumes = job.resume && FileExists(train::CheckpointPath(job.folder));
  if (!resumes) LOWBIT_RETURN_IF_ERROR(LoadStartWeights(job.recipe.model, &job.graph));
  LOWBIT_RETURN_IF_ERROR(train::CheckJob(job));
  LOWBIT_RETURN_IF_ERROR(PrepareFolder(job.folder, resolved.text, job.resume));
  LOWBIT_RETURN_IF_ERROR(WriteRunDescription(job.folder, description, job.dataset, job.graph, job.device, job.threads));

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
