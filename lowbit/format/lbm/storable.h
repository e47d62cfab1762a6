#ifndef LOWBIT_FORMAT_LBM_STORABLE_H_
#define LOWBIT_FORMAT_LBM_STORABLE_H_

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"

namespace lowbit::lbm {

// The rules that the file adds to core's Validate, for writer and reader alike: every name and text is UTF-8, and no
// element of a float parameter is a NaN (infinities are values: a clip limit may be one).
Status CheckStorable(const Graph& graph);

}  // namespace lowbit::lbm

#endif  // LOWBIT_FORMAT_LBM_STORABLE_H_
