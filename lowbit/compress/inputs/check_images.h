#ifndef LOWBIT_COMPRESS_INPUTS_CHECK_IMAGES_H_
#define LOWBIT_COMPRESS_INPUTS_CHECK_IMAGES_H_

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"
#include "lowbit/data/dataset.h"

namespace lowbit::compress {

// Error: the network does not take one batch of images of the set's size, or the set is empty.
Status CheckImages(const Graph& graph, const data::ImageSet& images);

}  // namespace lowbit::compress

#endif  // LOWBIT_COMPRESS_INPUTS_CHECK_IMAGES_H_
