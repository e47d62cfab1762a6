#ifndef LOWBIT_APP_TRAINING_RUN_DESCRIPTION_H_
#define LOWBIT_APP_TRAINING_RUN_DESCRIPTION_H_

#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"
#include "lowbit/models/model.h"
#include "lowbit/recipe/recipe.h"
#include "lowbit/train/trainer/train_job.h"

namespace lowbit::app {

// run.json of a run's folder (docs/run-folder.md): what the run is, for people, reports, and for building its network
// again without its data.
struct RunDescription {
  recipe::Recipe recipe;
  models::ModelInput input;
  std::string dataset;  // "NAME:PATH", for evaluation.
  std::vector<std::string> class_names;
};

// Writes run.json.
Status WriteRunDescription(const std::string& folder, const RunDescription& description, const train::TrainJob& job);
// Reads recipe.toml and run.json of a run's folder.
Result<RunDescription> ReadRunDescription(const std::string& folder);

// The run's network, initialized, with its metadata (labels, dataset, recipe).
Result<Graph> BuildNetwork(const RunDescription& description);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_TRAINING_RUN_DESCRIPTION_H_
