#ifndef LOWBIT_APP_TRAINING_TRAIN_RUN_H_
#define LOWBIT_APP_TRAINING_TRAIN_RUN_H_

#include "lowbit/app/training_module.h"
#include "lowbit/base/result.h"

namespace lowbit::app {

// The use case behind `lowbit train`.
Result<TrainSummary> TrainRun(const TrainRequest& request);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_TRAINING_TRAIN_RUN_H_
