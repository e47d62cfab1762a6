#ifndef LOWBIT_APP_TRAINING_SWEEP_FOLDER_H_
#define LOWBIT_APP_TRAINING_SWEEP_FOLDER_H_

#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/recipe/sweep.h"
#include "lowbit/report/sweep.h"

namespace lowbit::app {

// Makes the folder of a sweep, or with `resume` finds what it holds already: sweep.json, and each run's recipe.toml.
// `threads`: of each run; 0: those that the sweep began with, or else `default_threads`.
// Errors: a folder that holds a sweep (without `resume`), a single run, or runs that `runs` does not have or has
// with another recipe. Nothing is written then.
Result<report::Sweep> PrepareSweepFolder(const std::string& folder, const std::string& name,
                                         const std::vector<recipe::SweepRun>& runs, bool resume, int threads,
                                         int default_threads);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_TRAINING_SWEEP_FOLDER_H_
