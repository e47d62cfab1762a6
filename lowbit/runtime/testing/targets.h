#ifndef LOWBIT_RUNTIME_TESTING_TARGETS_H_
#define LOWBIT_RUNTIME_TESTING_TARGETS_H_

// For tests: runs a body once for each instruction set that was compiled and that this processor has, and where some
// kernels use an extension of one, once without it.

#include <gtest/gtest.h>

// Some kernels have code for this target of Highway's, others run their next best on it.
#define HWY_WANT_AVX3_DL
#include "hwy/highway.h"
#include "lowbit/runtime/quad_dots.h"

namespace lowbit::runtime::testing {

template <typename Body>
void ForEachTarget(const Body& body) {
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    body();
    hwy::SetSupportedTargetsForTest(0);
  }
  if (!HasQuadDots()) return;
  SCOPED_TRACE("without dot products of bytes");
  DisableQuadDotsForTest(true);
  body();
  DisableQuadDotsForTest(false);
}

}  // namespace lowbit::runtime::testing

#endif  // LOWBIT_RUNTIME_TESTING_TARGETS_H_
