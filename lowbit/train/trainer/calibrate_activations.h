#ifndef LOWBIT_TRAIN_TRAINER_CALIBRATE_ACTIVATIONS_H_
#define LOWBIT_TRAIN_TRAINER_CALIBRATE_ACTIVATIONS_H_

#include <string>
#include <vector>

#include "lowbit/data/batcher.h"
#include "lowbit/train/distributed/group.h"
#include "lowbit/train/network.h"

namespace lowbit::train {

// How many training images the scales are measured on, of all ranks together; whole batches of them.
inline constexpr int64_t kCalibrationImages = 512;

// Sets the scale of each quantizer of activations that is measured (activation_plan.h): the one with the least squared error
// (quant/activation_scale.h) on values drawn from the first batches of epoch 0, augmented. Activations are float there,
// weights low-bit, batch normalization takes the batch's statistics; those that the network keeps stay as they are. Ranks
// measure their shares and take the mean of their scales. A function of the network's weights and the data alone.
// `options`: those that the network was made with. `image`: shape of the batcher's images. Costs as many forward passes, with
// all quantized values of a batch in memory. Throws what libtorch throws, and std::runtime_error where an image cannot be read.
// Returns the names of quantizers that nothing but 0 came into, whose scale is 1 by lack of a better one.
std::vector<std::string> CalibrateActivations(const NetworkOptions& options, const Shape& image, data::Batcher* batcher,
                                              Network* network, distributed::Group* group);

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_TRAINER_CALIBRATE_ACTIVATIONS_H_
