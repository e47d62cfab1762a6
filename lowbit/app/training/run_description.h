#ifndef LOWBIT_APP_TRAINING_RUN_DESCRIPTION_H_
#define LOWBIT_APP_TRAINING_RUN_DESCRIPTION_H_

#include <string>

#include "lowbit/app/recipe_network.h"
#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"
#include "lowbit/train/trainer/train_job.h"

namespace lowbit::app {

// run.json of a run's folder (docs/run-folder.md): what the run is, for people, reports, and for building its network
// again without its data.

// A run's copy of the file that its recipe's key model.file names.
std::string NetworkPath(const std::string& folder);

// Writes run.json, and that copy where there is none yet. The bits that [quantize] `widths` led to are kept there.
Status WriteRunDescription(const std::string& folder, const RecipeNetwork& network, const train::TrainJob& job);
// Reads recipe.toml and run.json of a run's folder; model.file is the run's copy, and the bits of `widths` are rules.
Result<RecipeNetwork> ReadRunDescription(const std::string& folder);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_TRAINING_RUN_DESCRIPTION_H_
