#ifndef LOWBIT_TRAIN_TRAINER_CHECK_TASK_H_
#define LOWBIT_TRAIN_TRAINER_CHECK_TASK_H_

#include "lowbit/base/result.h"
#include "lowbit/train/task.h"
#include "lowbit/train/trainer/train_job.h"

namespace lowbit::train {

// Whether a job's network, teacher and data are about the same question. Errors: the first that is not.
Status CheckTask(const TrainJob& job, const Task& task);

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_TRAINER_CHECK_TASK_H_
