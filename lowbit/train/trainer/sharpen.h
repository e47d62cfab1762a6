#ifndef LOWBIT_TRAIN_TRAINER_SHARPEN_H_
#define LOWBIT_TRAIN_TRAINER_SHARPEN_H_

#include <string>

#include "lowbit/core/graph.h"
#include "lowbit/data/super_resolution.h"

namespace lowbit::train {

// What the network makes of a plane of brightness. `graph`: frozen, from images to images of one channel; executed at the plane's size
// on that device, with quantized activations in integers if `integers` is set. Throws std::invalid_argument where it does not fit.
data::Plane Sharpen(const Graph& graph, const data::Plane& blurred, const std::string& device, bool integers);

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_TRAINER_SHARPEN_H_
