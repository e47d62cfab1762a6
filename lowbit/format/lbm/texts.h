#ifndef LOWBIT_FORMAT_LBM_TEXTS_H_
#define LOWBIT_FORMAT_LBM_TEXTS_H_

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"

namespace lowbit::lbm {

// The rule that the file adds to core's Validate, for writer and reader alike: every name and text is UTF-8, so that
// whatever shows or exports it (JSON, HTML) need not care.
Status CheckTexts(const Graph& graph);

}  // namespace lowbit::lbm

#endif  // LOWBIT_FORMAT_LBM_TEXTS_H_
