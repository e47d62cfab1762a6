#ifndef LOWBIT_TRAIN_TRAINER_EVALUATE_NETWORK_H_
#define LOWBIT_TRAIN_TRAINER_EVALUATE_NETWORK_H_

#include <functional>

#include "lowbit/data/batcher.h"
#include "lowbit/train/network.h"
#include "lowbit/train/trainer/averages.h"

namespace lowbit::train {

// Runs the network with every chosen weight low-bit over the images in file order, `batch` at a time, and hands over
// the output of each batch. Throws what libtorch throws, and std::runtime_error where an image cannot be read.
using OutputCallback = std::function<void(data::Batch* batch, const at::Tensor& output)>;
void ForEachOutput(Network* network, const data::ImageSet& images, int64_t batch, const OutputCallback& callback);

// Mean cross-entropy (no label smoothing) and accuracy of such a pass.
Averages EvaluateNetwork(Network* network, const data::ImageSet& images, int64_t batch);

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_TRAINER_EVALUATE_NETWORK_H_
