#ifndef LOWBIT_TRAIN_TRAINER_TRAIN_JOB_H_
#define LOWBIT_TRAIN_TRAINER_TRAIN_JOB_H_

#include <cstdint>
#include <optional>
#include <string>

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"
#include "lowbit/core/measure.h"
#include "lowbit/data/dataset.h"
#include "lowbit/recipe/recipe.h"
#include "lowbit/train/distributed/group.h"
#include "lowbit/train/distributed/launch.h"

namespace lowbit::train {

// One run: everything that decides its result, and where it is written.
struct TrainJob {
  recipe::Recipe recipe;
  data::Dataset dataset;
  Graph graph;  // Initialized, activations in float; normalizes its input itself.
  // Of the recipe's [distill]: trained, of any size, for the same images and classes; it normalizes its input itself too.
  std::optional<Graph> teacher;
  std::string folder;  // Exists. metrics.jsonl, event files and checkpoint.safetensors are written there.
  std::string device = "cpu";
  int threads = 1;
  bool resume = false;  // From the folder's checkpoint; from the start if there is none.
  bool quiet = false;
  // Where several processes train together: as what each was started, and how they talk (null for one). Rank 0 alone
  // writes into the folder and reads from it; the others' `resume` means nothing.
  distributed::Launch launch;
  distributed::Group* group = nullptr;
};

struct TrainOutcome {
  const TestMeasure* measure = nullptr;
  int64_t iterations = 0;
  int64_t epochs = 0;
  double test_loss = 0;
  double test_score = 0;  // After the last step, weights low-bit.
  double best_test_score = 0;
  int64_t best_epoch = 0;
  double seconds = 0;  // In training and evaluation, over all resumed parts.
};

// Finds what is wrong with a job before anything is written, and before other ranks are waited for. Errors: a recipe that
// asks for the impossible.
Status CheckJob(const TrainJob& job);

// Trains. The same job with the same number of threads gives the same bits on a CPU, interrupted and resumed or not.
// Errors: a recipe that asks for the impossible (a batch larger than the training set, an unknown device), a loss that
// is not finite, a full disk, an interruption (SIGINT or SIGTERM: a checkpoint is written first), a rank that is lost.
// The last good checkpoint survives every error. All ranks of a group call it with the same job, and return together.
Result<TrainOutcome> Train(const TrainJob& job);

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_TRAINER_TRAIN_JOB_H_
