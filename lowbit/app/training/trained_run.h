#ifndef LOWBIT_APP_TRAINING_TRAINED_RUN_H_
#define LOWBIT_APP_TRAINING_TRAINED_RUN_H_

#include <string>

#include "lowbit/app/evaluation.h"
#include "lowbit/app/training_module.h"
#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"

namespace lowbit::app {

// The use cases behind `lowbit eval RUN` and `lowbit pack RUN`: they read the run's last checkpoint.
Result<Evaluation> EvaluateTrainedRun(const EvaluateRunRequest& request);
Result<SuperResolution> EvaluateTrainedPictures(const EvaluateRunRequest& request, int64_t scale);
Result<Graph> FreezeTrainedRun(const std::string& folder);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_TRAINING_TRAINED_RUN_H_
