#ifndef LOWBIT_APP_TRAINING_TRAIN_SWEEP_H_
#define LOWBIT_APP_TRAINING_TRAIN_SWEEP_H_

#include "lowbit/app/training_module.h"
#include "lowbit/base/result.h"

namespace lowbit::app {

// The use case behind `lowbit train` for a sweep: every run is a process of its own, `lowbit train FOLDER/RUN/recipe.toml
// --out FOLDER/RUN --resume`, so that libtorch's global state and a crash stay apart. A run that fails does not stop the
// others. Leaves the runs' folders, sweep.json (written at the start and whenever a run ends) and report.html.
//
// With `resume`: finished runs are left alone, interrupted ones continued, missing ones started. The recipe may list more
// than before, but every run that the folder holds must be in it and unchanged.
// Errors: those of the recipe and its runs, found before anything is written; a folder that holds something else.
Result<SweepSummary> TrainSweep(const SweepRequest& request);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_TRAINING_TRAIN_SWEEP_H_
