#ifndef LOWBIT_TRAIN_TRAINER_EVALUATE_NETWORK_H_
#define LOWBIT_TRAIN_TRAINER_EVALUATE_NETWORK_H_

#include <functional>

#include "lowbit/data/batcher.h"
#include "lowbit/train/distributed/group.h"
#include "lowbit/train/network.h"
#include "lowbit/train/trainer/averages.h"

namespace lowbit::train {

// Runs the network with every chosen weight low-bit over the images in file order, `batch` at a time, and hands over
// the output of each batch; of several ranks each takes its turns with the batches (null: one takes them all). Throws
// what libtorch throws, and std::runtime_error where an image cannot be read.
using OutputCallback = std::function<void(data::Batch* batch, const at::Tensor& output)>;
void ForEachOutput(Network* network, const data::ImageSet& images, int64_t batch, const OutputCallback& callback,
                   const distributed::Group* group = nullptr);

// Mean cross-entropy (no label smoothing) and accuracy of such a pass; all ranks get the result.
Averages EvaluateNetwork(Network* network, const data::ImageSet& images, int64_t batch,
                         distributed::Group* group = nullptr);

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_TRAINER_EVALUATE_NETWORK_H_
