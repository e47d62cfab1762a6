#ifndef LOWBIT_COMPRESS_INPUTS_LAYER_INPUTS_H_
#define LOWBIT_COMPRESS_INPUTS_LAYER_INPUTS_H_

#include <functional>
#include <string>

#include "lowbit/base/result.h"
#include "lowbit/base/span.h"
#include "lowbit/core/graph.h"
#include "lowbit/data/dataset.h"

namespace lowbit::compress {

// Whether the layer multiplies the rows of a weight with patches of its first input: a Conv, or a Gemm without transA.
bool ReadsPatches(const Node& node);

// Called with a value of some images and its shape, whose first extent counts them.
using WatchValue = std::function<Status(Span<const float> values, const Shape& shape)>;

// Computes `value`, and nothing that it does not need, for `samples` images of the set, evenly spread and in the set's order.
// Errors: as CheckImages, and the runtime's; an element that is not finite; what `watch` returns.
Status WatchOnImages(const Graph& graph, const std::string& value, const data::ImageSet& images, int64_t samples,
                     int threads, const WatchValue& watch);

// The same of a value in two networks that differ in their parameters only, at a time: `watch` gets the first one's, then the second one's.
using WatchBoth = std::function<Status(Span<const float> first, Span<const float> second, const Shape& shape)>;
Status WatchBothOnImages(const Graph& first, const Graph& second, const std::string& value,
                         const data::ImageSet& images, int64_t samples, int threads, const WatchBoth& watch);

// The nodes and parameters that `value` depends on, with it as the one output.
Graph CutAt(const Graph& graph, const std::string& value);

}  // namespace lowbit::compress

#endif  // LOWBIT_COMPRESS_INPUTS_LAYER_INPUTS_H_
