#ifndef LOWBIT_TRAIN_TRAINER_REESTIMATE_BATCH_NORM_H_
#define LOWBIT_TRAIN_TRAINER_REESTIMATE_BATCH_NORM_H_

#include <cstdint>

#include "lowbit/data/batcher.h"
#include "lowbit/train/distributed/group.h"
#include "lowbit/train/network.h"

namespace lowbit::train {

// Replaces the running mean and variance of every batch normalization by the plain mean of the batch means and of the
// (unbiased) batch variances over `batches` batches: those that training would have seen from the start of `epoch` on,
// augmented, and epoch after epoch where they are many. Weights are the low-bit ones, there is no dropout, and each layer
// sees the batch as normalized by its own statistics. What was there before is forgotten; with frozen statistics nothing
// changes.
//
// A moving average lags behind the weights, which quantization moves in jumps; this one is of the final weights only.
// Ranks of a group take their shares of the batches and end with the same bits: the mean over the ranks. Costs as many
// forward passes. Throws what libtorch throws, LostRanks included. `image`: shape of the batcher's images.
//
// Source: Ioffe & Szegedy 2015, algorithm 2; Izmailov et al. 2018, section 3.2.
void ReestimateBatchNorm(int64_t batches, int64_t epoch, const Shape& image, data::Batcher* batcher, Network* network,
                         distributed::Group* group);

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_TRAINER_REESTIMATE_BATCH_NORM_H_
