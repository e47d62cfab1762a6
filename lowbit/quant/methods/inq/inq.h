#ifndef LOWBIT_QUANT_METHODS_INQ_INQ_H_
#define LOWBIT_QUANT_METHODS_INQ_INQ_H_

#include <cstdint>
#include <vector>

#include "lowbit/quant/level_quantizer.h"

namespace lowbit::quant::methods::inq {

struct Options {
  int bits = 5;
  // The share of each layer that is frozen, from one part of the run to the next; rising from 0 or more, the last one 1.
  std::vector<double> portions = {0.5, 0.75, 0.875, 1};
};

// Keys `bits` = 2..8, `portions`.
Result<Options> ReadOptions(const Config& config);

// 0 and the 2^(bits - 2) powers of two up to that nearest to the largest weight of the layer.
LevelScheme MakeScheme(int bits);

// The portion in force at `progress` in [0, 1] of the run. The last one, 1, comes after the last step; the others share the
// run in equal parts. A single portion, which is 1, holds from the start.
double PortionAt(const std::vector<double>& portions, double progress);

// frozen[i] becomes 1 for the largest magnitudes that are not frozen yet, the first of equal ones first, until
// round(portion * count) are. REQUIRES: equal sizes.
void Partition(Span<const float> weights, double portion, Span<uint8_t> frozen);

// The method of spec.md, all weights at once.
Result<std::unique_ptr<Quantizer>> Create(const Config& options);

}  // namespace lowbit::quant::methods::inq

#endif  // LOWBIT_QUANT_METHODS_INQ_INQ_H_
