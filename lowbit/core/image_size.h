#ifndef LOWBIT_CORE_IMAGE_SIZE_H_
#define LOWBIT_CORE_IMAGE_SIZE_H_

#include <cstdint>

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"

namespace lowbit {

// A network from images to images, made for one image of this height and width in place of its own. `channels`: of the images that it
// makes; 0: as many as those that it takes.
// Errors: it has not one input [batch, channels, height, width] and one output; it cannot take that size, or makes another shape of it.
Result<Graph> AtImageSize(Graph graph, int64_t height, int64_t width, int64_t channels = 0);

}  // namespace lowbit

#endif  // LOWBIT_CORE_IMAGE_SIZE_H_
