#ifndef LOWBIT_MODELS_ADAPT_H_
#define LOWBIT_MODELS_ADAPT_H_

// Networks from elsewhere (an imported ONNX file, a packed one) as networks to be trained.

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"
#include "lowbit/models/model.h"

namespace lowbit::models {

// Whether the network takes raw pixels and makes of them itself what it was trained on: one of lowbit's own, or one that was imported
// so.
bool NormalizesPixels(const Graph& network);

// The network for those images and classes, as BuildModel gives one, with its own values to start from:
//   (pixel - mean) * scale comes before it;
//   a Softmax at its end is left out, since losses take logits;
//   low-bit weights are floats again;
//   weights, biases and statistics get their roles by the operators that read them, everything else stays constant.
// REQUIRES: Validate(network).ok(). Errors: not one input of such images for any batch, not one output of so many classes
// for each; it brings the normalization of a recipe along and `input` asks for another.
Result<Graph> AdaptModel(Graph network, const ModelInput& input);

}  // namespace lowbit::models

#endif  // LOWBIT_MODELS_ADAPT_H_
