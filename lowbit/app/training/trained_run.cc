#include "lowbit/app/training/trained_run.h"

#include <chrono>
#include <exception>

#include "lowbit/app/kernel_plan.h"
#include "lowbit/app/packed_file.h"
#include "lowbit/app/training/run_description.h"
#include "lowbit/base/file.h"
#include "lowbit/base/thread_pool.h"
#include "lowbit/runtime/model.h"
#include "lowbit/train/trainer/restore.h"

namespace lowbit::app {
namespace {

struct OpenedRun {
  RecipeNetwork network;
  train::TrainedRun run;
};

Result<OpenedRun> OpenRun(const std::string& folder) {
  if (!FolderExists(folder)) {
    return Invalid(folder + ": " + (FileExists(folder) ? "is a file" : "is not there") +
                   "; the folder of a run that 'lowbit train' wrote was expected");
  }
  if (!FileExists(folder + "/run.json")) {
    return Invalid(folder + ": not the folder of a run that 'lowbit train' wrote: no run.json in it");
  }
  OpenedRun opened;
  LOWBIT_TRY(opened.network, ReadRunDescription(folder));
  opened.run.recipe = opened.network.recipe;
  opened.run.folder = folder;
  LOWBIT_TRY(opened.run.graph, BuildNetwork(opened.network));
  return opened;
}

Status CheckFits(const OpenedRun& opened, const data::Dataset& dataset) {
  const models::ModelInput& input = opened.network.input;
  if (dataset.test.image == input.image && dataset.classes == input.classes) return Ok();
  return Invalid(opened.run.folder + ": was trained on images " + ToString(input.image) + " of " +
                 std::to_string(input.classes) + " classes; " + dataset.name + " has " + ToString(dataset.test.image) +
                 " of " + std::to_string(dataset.classes));
}

}  // namespace

Result<Evaluation> EvaluateTrainedRun(const EvaluateRunRequest& request) {
  LOWBIT_TRY(const OpenedRun opened, OpenRun(request.run));
  if (opened.network.input.classes == 0) {
    return Invalid(request.run + ": sharpens pictures; --scale says how many times smaller they are made");
  }
  const std::string chosen = request.data.empty() ? opened.network.dataset : request.data;
  LOWBIT_TRY(const data::Dataset dataset, LoadNamedDataset(chosen, PicturesOf(opened.network)));
  LOWBIT_RETURN_IF_ERROR(CheckLabelled(dataset));
  LOWBIT_RETURN_IF_ERROR(CheckFits(opened, dataset));
  Evaluation evaluation;
  evaluation.subject = request.run;
  evaluation.dataset = dataset.name;
  LOWBIT_TRY(const Graph frozen, train::Freeze(opened.run));
  // What the packed network would run by. The trained one is evaluated all the same where the runtime refuses it.
  if (const Result<runtime::Model> packed = runtime::Model::FromGraph(frozen); packed.ok()) {
    evaluation.warnings = FallbackWarnings(packed.value().Nodes());
  } else {
    evaluation.warnings.push_back("the runtime would refuse the packed network: " + packed.error().message);
  }
  evaluation.warnings.insert(evaluation.warnings.end(), dataset.warnings.begin(), dataset.warnings.end());
  if (const std::string unfinished = UnfinishedRun(request.run); !unfinished.empty()) {
    evaluation.warnings.push_back(unfinished);
  }
  const auto start = std::chrono::steady_clock::now();
  const int threads = request.threads > 0 ? request.threads : HardwareThreads();
  LOWBIT_RETURN_IF_ERROR(train::ForEachLogits(
      opened.run, dataset.test, request.device, threads, [&](int64_t first, int64_t count, Span<const float> logits) {
        const Span<const int32_t> labels(dataset.test.labels.data() + first, static_cast<size_t>(count));
        Accumulate(logits, dataset.classes, labels, &evaluation);
      }));
  Finish(&evaluation);
  if (!dataset.test.Damage().empty()) evaluation.warnings.push_back(dataset.test.Damage());
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  evaluation.milliseconds_per_image = 1000 * seconds / static_cast<double>(evaluation.images);
  return evaluation;
}

Result<SuperResolution> EvaluateTrainedPictures(const EvaluateRunRequest& request, int64_t scale) {
  LOWBIT_TRY(const OpenedRun opened, OpenRun(request.run));
  if (opened.network.input.classes > 0) return Invalid(request.run + ": sharpens no pictures; it tells classes apart");
  SuperResolution result;
  result.subject = request.run;
  result.scale = scale;
  if (request.data.empty()) {
    result.folder = opened.network.recipe.data.test_path;
  } else {
    LOWBIT_TRY(result.folder, PicturesFolder(request.data));
  }
  LOWBIT_TRY(const std::vector<data::BlurredPicture> pictures, BlurPictures(result.folder, scale));
  auto start = std::chrono::steady_clock::now();
  const int threads = request.threads > 0 ? request.threads : HardwareThreads();
  LOWBIT_RETURN_IF_ERROR(
      train::ForEachSharpened(opened.run, pictures, request.device, threads, [&](size_t i, const data::Plane& made) {
        const auto now = std::chrono::steady_clock::now();
        result.pictures.push_back(Compare(pictures[i], made, std::chrono::duration<double>(now - start).count()));
        start = now;
      }));
  return result;
}

Result<Graph> FreezeTrainedRun(const std::string& folder) {
  LOWBIT_TRY(const OpenedRun opened, OpenRun(folder));
  return train::Freeze(opened.run);
}

}  // namespace lowbit::app
