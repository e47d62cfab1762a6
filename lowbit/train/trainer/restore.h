#ifndef LOWBIT_TRAIN_TRAINER_RESTORE_H_
#define LOWBIT_TRAIN_TRAINER_RESTORE_H_

#include <functional>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/base/span.h"
#include "lowbit/core/graph.h"
#include "lowbit/data/dataset.h"
#include "lowbit/recipe/recipe.h"

namespace lowbit::train {

// A run on disk: what it was trained as, and where its checkpoint lies.
struct TrainedRun {
  recipe::Recipe recipe;
  Graph graph;  // The one that the run began with, activations in float.
  std::string folder;
};

// Called with the logits [count, classes] of each batch, in order; `first` is the index of its first image.
using LogitsCallback = std::function<void(int64_t first, int64_t count, Span<const float> logits)>;

// Runs the network of the last checkpoint, every chosen weight low-bit, over the images; with quantized activations in
// integers (integer_network.h), as the packed file does.
Status ForEachLogits(const TrainedRun& run, const data::ImageSet& images, const std::string& device, int threads,
                     const LogitsCallback& callback);

// What it makes of each picture, in order.
using PlaneCallback = std::function<void(size_t picture, data::Plane made)>;

// The same for a network that sharpens pictures. Errors: it does not, or not of this size.
Status ForEachSharpened(const TrainedRun& run, const std::vector<data::BlurredPicture>& pictures,
                        const std::string& device, int threads, const PlaneCallback& callback);

// That network as a Graph: chosen weights as low-bit tensors, quantizers of activations among the nodes, all else as floats.
Result<Graph> Freeze(const TrainedRun& run);

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_TRAINER_RESTORE_H_
