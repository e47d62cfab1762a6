#ifndef LOWBIT_TRAIN_TRAINER_FOR_EACH_OUTPUT_H_
#define LOWBIT_TRAIN_TRAINER_FOR_EACH_OUTPUT_H_

#include <functional>

#include "lowbit/data/batcher.h"
#include "lowbit/train/averages.h"
#include "lowbit/train/distributed/group.h"
#include "lowbit/train/network.h"

namespace lowbit::train {

// Runs the network with every chosen weight low-bit over the images in file order, `batch` at a time, and hands over
// the output of each batch; of several ranks each takes its turns with the batches (null: one takes them all). Throws
// what libtorch throws, and std::runtime_error where an image cannot be read.
using OutputCallback = std::function<void(data::Batch* batch, const at::Tensor& output)>;
void ForEachOutput(Network* network, const data::ImageSet& images, int64_t batch, const OutputCallback& callback,
                   const distributed::Group* group = nullptr);

// Makes of each rank's sums those of all; nothing without a group.
void SumOverRanks(Averages* averages, distributed::Group* group);

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_TRAINER_FOR_EACH_OUTPUT_H_
