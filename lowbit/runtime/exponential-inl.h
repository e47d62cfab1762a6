// The exponential of float vectors, and Highway's other functions of them. Included once for each target.

#if defined(LOWBIT_RUNTIME_EXPONENTIAL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef LOWBIT_RUNTIME_EXPONENTIAL_INL_H_
#undef LOWBIT_RUNTIME_EXPONENTIAL_INL_H_
#else
#define LOWBIT_RUNTIME_EXPONENTIAL_INL_H_
#endif

#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace lowbit::runtime::HWY_NAMESPACE {

using FloatTag = hwy::HWY_NAMESPACE::ScalableTag<float>;
using FloatVector = hwy::HWY_NAMESPACE::Vec<FloatTag>;

// At most an ulp from exp(x). Highway's takes arguments up to 104; from 89 on the result is beyond floats. Not for NaN.
HWY_INLINE FloatVector Exponential(FloatVector x) {
  namespace hn = hwy::HWY_NAMESPACE;
  return hn::Exp(FloatTag(), hn::Min(x, hn::Set(FloatTag(), 104)));
}

}  // namespace lowbit::runtime::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // LOWBIT_RUNTIME_EXPONENTIAL_INL_H_
