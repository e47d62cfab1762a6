#ifndef BENCH_RACE_LIMITS_H_
#define BENCH_RACE_LIMITS_H_

#include <string>
#include <vector>

namespace lowbit::bench {

// What one thread of this processor can do at most, measured here and now.
struct Limit {
  std::string name;  // "int8_gmacs", "float_gmacs", "l2_gbytes", "l3_gbytes", "memory_gbytes"
  double rate = 0;   // 10^9 a second; 0 where there is no loop for this processor.
};

// The fastest of several short loops each: products of bytes by vpdpbusd and of floats by fused multiply-add, in
// registers; reads of 512 KiB, 8 MiB and 256 MiB over and over. Half a second in all.
std::vector<Limit> MeasureLimits();

// Some tenths of a millisecond of the fastest loop in registers that this processor has of those.
void RegisterLoop();

}  // namespace lowbit::bench

#endif  // BENCH_RACE_LIMITS_H_
