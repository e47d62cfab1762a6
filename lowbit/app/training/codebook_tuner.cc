#include "lowbit/app/training/codebook_tuner.h"

#include <memory>
#include <utility>

#include "lowbit/base/thread_pool.h"
#include "lowbit/train/trainer/tune_codebook.h"

namespace lowbit::app {

Result<compress::TuneCodebook> MakeCodebookTuner(const TunerRequest& request) {
  train::CodebookTuning tuning;
  tuning.steps = request.tuning.steps;
  tuning.batch = request.tuning.batch;
  tuning.learning_rate = request.tuning.rate;
  tuning.seed = request.seed;
  tuning.threads = request.threads > 0 ? request.threads : HardwareThreads();
  LOWBIT_TRY(std::unique_ptr<train::CodebookTuner> made,
             train::CodebookTuner::Create(*request.teacher, *request.images, tuning));
  const std::shared_ptr<train::CodebookTuner> tuner = std::move(made);
  return compress::TuneCodebook(
      [tuner](const Graph& student, const quant::product::LayerPlan& layer) { return tuner->Tune(student, layer); });
}

}  // namespace lowbit::app
