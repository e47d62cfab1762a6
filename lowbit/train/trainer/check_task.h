#ifndef LOWBIT_TRAIN_TRAINER_CHECK_TASK_H_
#define LOWBIT_TRAIN_TRAINER_CHECK_TASK_H_

#include "lowbit/base/result.h"
#include "lowbit/train/trainer/train_job.h"

namespace lowbit::train {

// Whether there is something to learn from: labels, or sharp pictures, or a teacher alone. Looks at recipe and data only.
Status CheckLabels(const TrainJob& job);

// CheckLabels, and whether a job's network, teacher, data and [train] are about the same question. Errors: the first that is not.
Status CheckTask(const TrainJob& job);

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_TRAINER_CHECK_TASK_H_
