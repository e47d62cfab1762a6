#ifndef LOWBIT_QUANT_POLICIES_SQ_SELECT_H_
#define LOWBIT_QUANT_POLICIES_SQ_SELECT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "lowbit/base/random.h"
#include "lowbit/base/span.h"
#include "lowbit/quant/policies/sq/options.h"

namespace lowbit::quant::sq {

// N_q: `ratio` of `units`, rounded (halves up); all of them for ratio 1. Exact for decimal ratios: 0.55 of 100 is 55,
// though the double nearest to 0.55 is above it. REQUIRES: 0 <= ratio <= 1, 0 <= units < 2^48
int64_t QuantizedCount(double ratio, int64_t units, Rounding rounding);

// The random numbers that decide about a layer in an iteration.
CounterRandom MaskRandom(uint64_t seed, const std::string& layer, uint64_t iteration);

// Sets mask[i] to 1 for the `count` units to be quantized and to 0 for the others; see spec.md. Reads number i of
// `random` for unit i; none if count is 0 or errors.size(), or if the policy is sorted.
// O(m). A NaN error sorts last. REQUIRES: errors at least 0; 0 <= count <= errors.size() == mask.size()
void SelectQuantized(Span<const double> errors, int64_t count, const SqOptions& options, const CounterRandom& random,
                     Span<uint8_t> mask);

// Calls work(begin, end) for ranges that together are [0, count), each beginning at a multiple of 4; in any order,
// perhaps at the same time.
using ForRanges = std::function<void(size_t count, const std::function<void(size_t begin, size_t end)>& work)>;

// The same mask, with nearly all of the work by `for_ranges`.
void SelectQuantized(Span<const double> errors, int64_t count, const SqOptions& options, const CounterRandom& random,
                     Span<uint8_t> mask, const ForRanges& for_ranges);

// The roulette's probabilities for its first draw: of being quantized, or with kKeepFloatByError of being kept float.
// They add up to 1. REQUIRES: errors not empty, finite, at least 0
std::vector<double> DrawProbabilities(Span<const double> errors, const SqOptions& options);

// SelectQuantized for the stochastic policy as the paper words it: a loop that renormalizes, walks the cumulative sum
// and removes the row. Draw k reads number k of `random`. O(m^2): the definition that SelectQuantized is tested
// against; the masks of the two differ, their distribution does not.
void SelectByRoulette(Span<const double> errors, int64_t count, const SqOptions& options, const CounterRandom& random,
                      Span<uint8_t> mask);

}  // namespace lowbit::quant::sq

#endif  // LOWBIT_QUANT_POLICIES_SQ_SELECT_H_
