#include "lowbit/train/trainer/reestimate_batch_norm.h"

#include <torch/types.h>
#include <torch/utils.h>

#include "lowbit/train/distributed/average.h"
#include "lowbit/train/trainer/image_tensor.h"

namespace lowbit::train {

void ReestimateBatchNorm(int64_t batches, int64_t epoch, const Shape& image, data::Batcher* batcher, Network* network,
                         distributed::Group* group) {
  const torch::NoGradGuard no_gradients;
  StepContext context;
  data::Batch batch;
  batcher->StartEpoch(epoch);
  for (; context.batches_estimated < batches; ++context.batches_estimated) {
    if (!batcher->Next(&batch)) {
      batcher->StartEpoch(++epoch);
      LOWBIT_CHECK(batcher->Next(&batch));
    }
    network->Forward(ImageView(&batch, image), Mode::kEstimate, context);
  }
  if (group != nullptr) distributed::Average(network->RunningStatistics(), group);
}

}  // namespace lowbit::train
