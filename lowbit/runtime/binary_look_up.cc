#include "lowbit/runtime/binary_look_up.h"

#include <cstdlib>

#include "hwy/targets.h"
#include "lowbit/runtime/byte_weights.h"

namespace lowbit::runtime {
namespace {

// Zen 4 and 5 look up as many vectors a cycle as they multiply, which is 192 products for 64. Intel's processors with dot products
// of bytes look up one in two cycles and multiply up to four; without them 64 products take three instructions.
bool HasFastLookUp() {
#if HWY_ARCH_X86_64
  const int64_t targets = hwy::SupportedTargets();
  return (targets & HWY_AVX3_DL) != 0 ? __builtin_cpu_is("amd") != 0 : (targets & HWY_AVX3) != 0;
#else
  return false;
#endif
}

}  // namespace

bool CanLookUp(const ConvShape& shape, const WeightSource& source) {
  constexpr int64_t kLeastInputs = 6;     // A table.
  constexpr int64_t kMostInputs = 32768;  // So that a 256th of the largest sum, 255 * inputs, is a signed word,
  constexpr int32_t kLargestStep = 127;   // and 256 times the step.
  const bool windows =
      shape.kernel_width == 3 && shape.stride_width == 1 && shape.dilation_width == 1 && shape.groups == 1;
  if ((!shape.IsPointwise() && !windows) || shape.in_channels < kLeastInputs) return false;
  if (shape.in_channels * shape.Taps() > kMostInputs) return false;
  const std::optional<IntegerValues> values = IntegersOf(source);
  if (!values.has_value() || std::get<QTensor>(source.parameter->value).values.kind == ValueSet::Kind::kCodebook) {
    return false;
  }
  return values->integers.size() == 2 && std::abs(values->integers[1] - values->integers[0]) <= kLargestStep;
}

bool LookingUpPays(const ConvShape& shape) {
  // Measured: of fewer outputs a table is read too seldom, of fewer inputs what is done once for each output counts more. A table of
  // a window serves several taps.
  const bool pointwise = shape.IsPointwise();
  const int64_t least_outputs = pointwise ? 256 : 64, least_inputs = pointwise ? 128 : 64;
  return HasFastLookUp() && shape.out_channels >= least_outputs && shape.in_channels >= least_inputs;
}

}  // namespace lowbit::runtime
