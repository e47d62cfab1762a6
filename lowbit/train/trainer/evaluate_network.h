#ifndef LOWBIT_TRAIN_TRAINER_EVALUATE_NETWORK_H_
#define LOWBIT_TRAIN_TRAINER_EVALUATE_NETWORK_H_

#include <functional>

#include "lowbit/data/dataset.h"
#include "lowbit/train/distributed/group.h"
#include "lowbit/train/network.h"
#include "lowbit/train/trainer/averages.h"

namespace lowbit::train {

// Which batches of a pass: numbers `first`, first + step, ...
struct Turns {
  int64_t first = 0, step = 1;
};

// Runs the network with every chosen weight low-bit over the images in file order, `batch` at a time, and hands over
// the output of images [first, first + count). Throws what libtorch throws.
using OutputCallback = std::function<void(int64_t first, int64_t count, const at::Tensor& output)>;
void ForEachOutput(Network* network, const data::ImageSet& images, int64_t batch, const OutputCallback& callback,
                   const Turns& turns = {});

// Mean cross-entropy (no label smoothing) and accuracy of such a pass. The ranks of `group` take turns with the batches,
// and all get the result; null: one process takes them all.
Averages EvaluateNetwork(Network* network, const data::ImageSet& images, int64_t batch,
                         distributed::Group* group = nullptr);

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_TRAINER_EVALUATE_NETWORK_H_
