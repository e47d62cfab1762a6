#ifndef LOWBIT_CORE_IMAGE_INPUT_H_
#define LOWBIT_CORE_IMAGE_INPUT_H_

// What turns pixels into what a network was trained on, as the network's own first nodes, so that a packed file needs no
// side information.

#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"

namespace lowbit {

// (pixel - mean) * scale, of channels in the network's order. Either list empty: left out.
struct PixelNormalization {
  bool reverse_channels = false;  // The last channel first, before all else: pixels RGB as BGR.
  std::vector<float> mean;        // One value, one for each channel, or one for each pixel (channels * height * width).
  std::vector<float> scale;       // One value, or one for each channel.
};

// Puts the nodes "input.bgr", "input.sub" and "input.mul" between the one input [batch, channels, height, width] and all
// that reads it, and returns the name of what they compute. A step that would change nothing adds no node.
// Errors: not one such input; values that are not finite or of another number. The graph is unchanged then.
Result<std::string> NormalizePixels(const PixelNormalization& normalization, Graph* graph);

// The network of one input [batch, height, width, channels], as TensorFlow orders pixels, for one [batch, channels, height,
// width]: its own Transpose to that order is left out, or one from it put in front.
// Errors: not one input of four dimensions.
Result<Graph> TakeChannelsFirst(Graph graph);

}  // namespace lowbit

#endif  // LOWBIT_CORE_IMAGE_INPUT_H_
