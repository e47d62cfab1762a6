#ifndef LOWBIT_TRAIN_TRAINER_AVERAGE_STEP_H_
#define LOWBIT_TRAIN_TRAINER_AVERAGE_STEP_H_

#include <cstdint>
#include <vector>

#include "lowbit/train/distributed/group.h"

namespace lowbit::train {

struct TrainedParameter;

// What a step finds besides gradients.
struct StepResult {
  double loss = 0;           // Mean over the batch.
  int64_t correct = 0;       // Images of the batch whose class it finds.
  bool interrupted = false;  // The run shall end after this step.
};

// Makes of this rank's gradients and result those of the whole batch: gradients and loss become their means over the
// ranks, `correct` the sum, and `interrupted` holds if it does on any rank. All in one exchange. A loss that is not
// finite on one rank is not finite afterwards on all. Throws distributed::LostRanks.
void AverageStep(const std::vector<TrainedParameter>& parameters, StepResult* result, distributed::Group* group);

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_TRAINER_AVERAGE_STEP_H_
