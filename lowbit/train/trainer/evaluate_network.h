#ifndef LOWBIT_TRAIN_TRAINER_EVALUATE_NETWORK_H_
#define LOWBIT_TRAIN_TRAINER_EVALUATE_NETWORK_H_

#include <functional>
#include <string>
#include <vector>

#include "lowbit/core/graph.h"
#include "lowbit/data/batcher.h"
#include "lowbit/data/super_resolution.h"
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

// Mean cross-entropy (no label smoothing) and accuracy (Measure::kAccuracy) of such a pass; all ranks get the result.
Averages EvaluateNetwork(Network* network, const data::ImageSet& images, int64_t batch,
                         distributed::Group* group = nullptr);

// Without labels: mean of Distillation at temperature 1 from the teacher, and Measure::kAgreement. The teacher, in evaluation mode,
// sees the same images.
Averages EvaluateAgreement(Network* network, Network* teacher, const data::ImageSet& images, int64_t batch,
                           distributed::Group* group = nullptr);

// What the network makes of a plane of brightness. `graph`: frozen, from images to images of one channel; executed at the plane's size
// on that device, with quantized activations in integers if `integers` is set. Throws std::invalid_argument where it does not fit.
data::Plane Sharpen(const Graph& graph, const data::Plane& blurred, const std::string& device, bool integers);

// Mean of PictureDifference (of squares) and Measure::kPsnr over the pictures, of which ranks take their turns; all get the result.
// Activations that are quantized are computed in floats, as in training. Throws as Sharpen.
Averages EvaluatePictures(const Network& network, const std::vector<data::BlurredPicture>& pictures,
                          distributed::Group* group = nullptr);

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_TRAINER_EVALUATE_NETWORK_H_
