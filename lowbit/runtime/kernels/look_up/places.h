#ifndef LOWBIT_RUNTIME_KERNELS_LOOK_UP_PLACES_H_
#define LOWBIT_RUNTIME_KERNELS_LOOK_UP_PLACES_H_

// Which elements Gather, Scatter and their relatives move between a table (their data) and the value that is read from it or put
// into it, where some of the table's dimensions are indexed by numbers that are known when the network runs.

#include <cstdint>
#include <vector>

#include "lowbit/core/graph.h"
#include "lowbit/core/ops_common/lookup.h"

namespace lowbit::runtime {

// Elements that share their indices and lie regularly. Positions are those of values as they are stored.
struct LookUpRun {
  int32_t index = 0;                  // Of the first of their indices.
  int32_t table = 0, table_step = 0;  // Of the first one in the table, were all indices 0.
  int32_t moved = 0, moved_step = 0;  // In the other value.
  int32_t count = 0;
};

struct LookUps {
  std::vector<LookUpRun> runs;
  // Of each indexed dimension.
  std::vector<int64_t> strides, extents;
  int64_t index_step = 1;  // From the index of one to that of the next.

  // How far the indices, of which the first is at `index`, move a run in the table.
  int64_t Shift(const float* index) const {
    int64_t shift = 0;
    for (size_t k = 0; k < strides.size(); ++k, index += index_step) {
      shift += strides[k] * ops::PositionOf(*index, extents[k]);
    }
    return shift;
  }
};

// Of a node Gather, GatherElements, GatherND, ScatterElements or ScatterND with a table and indices of those shapes. `stored`: in the
// order in which the value that is not the table is stored, else in row-major order.
// Cost: some 24 bytes an element of that value. REQUIRES: no value has 2^31 elements.
LookUps FindLookUps(const Node& node, const Shape& table, const Shape& indices, bool stored);

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_KERNELS_LOOK_UP_PLACES_H_
