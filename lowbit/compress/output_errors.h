#ifndef LOWBIT_COMPRESS_OUTPUT_ERRORS_H_
#define LOWBIT_COMPRESS_OUTPUT_ERRORS_H_

#include <map>
#include <string>

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"
#include "lowbit/core/insert_quantizers.h"
#include "lowbit/data/dataset.h"

namespace lowbit::compress {

// For each grid, how far it puts the network's first output off when it is the only one: the root mean square of the difference by
// that of the output, over `samples` images of the set, evenly spread. Costs a run of the network for each grid, and one more.
// REQUIRES: as InsertQuantizers; samples >= 1. Errors: as WatchOnImages.
Result<std::map<std::string, double>> OutputErrors(const Graph& graph,
                                                   const std::map<std::string, ActivationGrid>& grids,
                                                   const data::ImageSet& images, int64_t samples, int threads);

}  // namespace lowbit::compress

#endif  // LOWBIT_COMPRESS_OUTPUT_ERRORS_H_
