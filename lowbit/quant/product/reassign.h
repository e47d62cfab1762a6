#ifndef LOWBIT_QUANT_PRODUCT_REASSIGN_H_
#define LOWBIT_QUANT_PRODUCT_REASSIGN_H_

#include <cstdint>

#include "lowbit/base/span.h"

namespace lowbit::quant::product {

// Gives blocks of weights other codewords: those N blocks v_p [N, d] that another codeword than their own is nearer to than theirs,
//
//   gain(p) = |v_p - c_a(p)|^2 - min_k |v_p - c_k|^2  > 0,
//
// in the order of their gains, the lower block of two alike first, until max(1, floor(share * N)) have moved. Each goes to its nearest
// codeword, the lower code of two equally near. The last block of a codeword stays, so that every codeword that is in use remains so.
// Returns how many moved.
//
// `codebook` is [K, d], `codes` N numbers below K. REQUIRES: dimension >= 1, 0 < share <= 1, finite numbers.
// Time: N K d multiplications, in double.
int64_t Reassign(Span<const float> blocks, Span<const float> codebook, int dimension, double share,
                 Span<int64_t> codes);

}  // namespace lowbit::quant::product

#endif  // LOWBIT_QUANT_PRODUCT_REASSIGN_H_
