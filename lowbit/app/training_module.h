#ifndef LOWBIT_APP_TRAINING_MODULE_H_
#define LOWBIT_APP_TRAINING_MODULE_H_

// What needs libtorch, behind an interface: it lives in a shared object that is loaded on demand, so that the other
// commands start at once and exist on machines without libtorch.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "lowbit/app/compress_options.h"
#include "lowbit/app/evaluate_super_resolution.h"
#include "lowbit/app/evaluation.h"
#include "lowbit/app/sweep_summary.h"
#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"
#include "lowbit/core/measure.h"

namespace lowbit::app {

struct TrainRequest {
  std::string recipe_path;
  std::vector<std::string> overrides;  // "key.path=value"
  std::string out;                     // The run's folder; "" derives runs/<recipe name>.
  std::string device = "cpu";
  int threads = 0;  // 0: all cores.
  bool resume = false;
  bool quiet = false;
};

struct TrainSummary {
  int rank = 0;  // Of this process; where several train together, rank 0 speaks for all.
  std::string folder;
  int64_t iterations = 0;
  const TestMeasure* measure = nullptr;
  double test_score = 0, test_loss = 0;  // Last epoch, all chosen weights low-bit.
  double best_test_score = 0;
  int64_t best_epoch = 0;
  double seconds = 0;  // Spent in training, over all resumed parts.
};

std::string ToText(const TrainSummary& summary);
std::string ToJson(const TrainSummary& summary);

struct SweepRequest {
  TrainRequest train;  // `out`: the sweep's folder; `threads`: of each run, 0: an equal share of the cores.
  int jobs = 1;        // Runs at a time. >= 1
};

struct EvaluateRunRequest {
  std::string run;
  std::string data;  // "NAME[:PATH]"; "" evaluates on the run's own data set.
  std::string device = "cpu";
  int threads = 0;
};

struct TunerRequest {
  const Graph* teacher = nullptr;          // The float network.
  const data::ImageSet* images = nullptr;  // Outlive the tuner.
  LayerTuning tuning;
  uint64_t seed = 1;
  int threads = 0;
};

class TrainingModule {
 public:
  virtual ~TrainingModule() = default;
  // Whether the recipe lists several runs. Errors: it cannot be read.
  virtual Result<bool> IsSweep(const TrainRequest& request) = 0;
  virtual Result<TrainSummary> Train(const TrainRequest& request) = 0;
  virtual Result<SweepSummary> TrainSweep(const SweepRequest& request) = 0;
  // The test accuracy of a run's last checkpoint, with its weights low-bit.
  virtual Result<Evaluation> EvaluateRun(const EvaluateRunRequest& request) = 0;
  // The same of a run that sharpens pictures, made `scale` times smaller: those of "super-resolution:FOLDER", or "" of its own tests.
  virtual Result<SuperResolution> EvaluatePictures(const EvaluateRunRequest& request, int64_t scale) = 0;
  // What trains each layer's codebook while a network is compressed. Errors: it cannot be trained through.
  virtual Result<compress::TuneCodebook> MakeTuner(const TunerRequest& request) = 0;
  // The network of a run's last checkpoint as a Graph: chosen weights as low-bit tensors, the others as floats.
  virtual Result<Graph> Freeze(const std::string& run) = 0;
};

// Loads the module: from $LOWBIT_MODULES, or the folder of the running program, or ../lib/lowbit and
// ../lib/<architecture>/lowbit beside it. The module stays loaded. Errors: not found (lists where it was looked for),
// libtorch missing.
Result<TrainingModule*> LoadTrainingModule();

}  // namespace lowbit::app

// The only symbol of the shared object.
extern "C" lowbit::app::TrainingModule* lowbit_training_module();

#endif  // LOWBIT_APP_TRAINING_MODULE_H_
