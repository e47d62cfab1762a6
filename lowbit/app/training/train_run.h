#ifndef LOWBIT_APP_TRAINING_TRAIN_RUN_H_
#define LOWBIT_APP_TRAINING_TRAIN_RUN_H_

#include <string>
#include <vector>

#include "lowbit/app/training_module.h"
#include "lowbit/base/result.h"
#include "lowbit/recipe/sweep.h"

namespace lowbit::app {

// The use case behind `lowbit train` for one run.
Result<TrainSummary> TrainRun(const TrainRequest& request);

// Finds what is wrong with the runs of a sweep before anything is written, with their data and networks: one run of each
// group, since seeds change nothing there. Errors: those of TrainRun, with the name of the run.
Status CheckRuns(const std::vector<recipe::SweepRun>& runs, const std::string& device);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_TRAINING_TRAIN_RUN_H_
