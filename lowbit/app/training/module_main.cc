// The shared object's one symbol.

#include "lowbit/app/resolved_recipe.h"
#include "lowbit/app/training/codebook_tuner.h"
#include "lowbit/app/training/train_run.h"
#include "lowbit/app/training/train_sweep.h"
#include "lowbit/app/training/trained_run.h"
#include "lowbit/app/training_module.h"
#include "lowbit/recipe/sweep.h"

namespace {

class Module : public lowbit::app::TrainingModule {
 public:
  lowbit::Result<bool> IsSweep(const lowbit::app::TrainRequest& request) override {
    LOWBIT_TRY(const lowbit::Config config, lowbit::app::ResolveConfig(request.recipe_path, request.overrides));
    return lowbit::recipe::IsSweep(config);
  }
  lowbit::Result<lowbit::app::SweepSummary> TrainSweep(const lowbit::app::SweepRequest& request) override {
    return lowbit::app::TrainSweep(request);
  }
  lowbit::Result<lowbit::app::TrainSummary> Train(const lowbit::app::TrainRequest& request) override {
    return lowbit::app::TrainRun(request);
  }
  lowbit::Result<lowbit::app::Evaluation> EvaluateRun(const lowbit::app::EvaluateRunRequest& request) override {
    return lowbit::app::EvaluateTrainedRun(request);
  }
  lowbit::Result<lowbit::app::SuperResolution> EvaluatePictures(const lowbit::app::EvaluateRunRequest& request,
                                                                int64_t scale) override {
    return lowbit::app::EvaluateTrainedPictures(request, scale);
  }
  lowbit::Result<lowbit::compress::TuneCodebook> MakeTuner(const lowbit::app::TunerRequest& request) override {
    return lowbit::app::MakeCodebookTuner(request);
  }
  lowbit::Result<lowbit::Graph> Freeze(const std::string& run) override { return lowbit::app::FreezeTrainedRun(run); }
};

}  // namespace

__attribute__((visibility("default"))) lowbit::app::TrainingModule* lowbit_training_module() {
  static Module module;
  return &module;
}
