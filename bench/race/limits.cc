#include "bench/race/limits.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "bench/race/stopwatch.h"

namespace lowbit::bench {
namespace {

constexpr double kSeconds = 0.1;
constexpr int64_t kLoops = 200000;

// 10^9 units a second in the fastest of some tries, which are short, so that one is not interrupted.
template <typename Work>
double BestRate(double units, const Work& work) {
  double best = 1e300, total = 0;
  for (int tries = 0; tries < 7 || total < kSeconds; ++tries) {
    const double seconds = SecondsOf(work);
    best = std::min(best, seconds);
    total += seconds;
  }
  return units / best * 1e-9;
}

#if defined(__x86_64__)

// Twelve chains, so that no instruction waits for another one's result. Registers are named: a compiler would keep the
// accumulators in memory or leave the loop out.
#define LOWBIT_TWELVE(instruction)                                                                      \
  instruction "0\n" instruction "1\n" instruction "2\n" instruction "3\n" instruction "4\n" instruction \
              "5\n" instruction "6\n" instruction "7\n" instruction "8\n" instruction "9\n" instruction \
              "10\n" instruction "11\n"
#define LOWBIT_CLOBBERS \
  "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm30", "xmm31"

__attribute__((target("avx512f,avx512vnni"))) void DotLoop() {
  for (int64_t i = 0; i < kLoops; ++i) {
    asm volatile(LOWBIT_TWELVE("vpdpbusd %%zmm30, %%zmm31, %%zmm") : : : LOWBIT_CLOBBERS);
  }
}

__attribute__((target("avx512f"))) void WideFusedLoop() {
  for (int64_t i = 0; i < kLoops; ++i) {
    asm volatile(LOWBIT_TWELVE("vfmadd231ps %%zmm30, %%zmm31, %%zmm") : : : LOWBIT_CLOBBERS);
  }
}

__attribute__((target("avx2,fma"))) void FusedLoop() {
  for (int64_t i = 0; i < kLoops; ++i) {
    asm volatile(LOWBIT_TWELVE("vfmadd231ps %%ymm14, %%ymm15, %%ymm")
                 :
                 :
                 : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
                   "xmm14", "xmm15");
  }
}

double DotRate() {
  if (!__builtin_cpu_supports("avx512vnni")) return 0;
  return BestRate(12.0 * 64 * kLoops, DotLoop);
}

double FusedRate() {
  if (__builtin_cpu_supports("avx512f")) return BestRate(12.0 * 16 * kLoops, WideFusedLoop);
  return __builtin_cpu_supports("avx2") ? BestRate(12.0 * 8 * kLoops, FusedLoop) : 0;
}

__attribute__((target("avx512f"))) void ReadWide(const uint8_t* from, size_t bytes) {
  for (size_t i = 0; i < bytes; i += 256) {
    asm volatile(
        "vmovdqu64 (%0), %%zmm0\n vmovdqu64 64(%0), %%zmm1\n vmovdqu64 128(%0), %%zmm2\n vmovdqu64 192(%0), %%zmm3\n"
        :
        : "r"(from + i)
        : "xmm0", "xmm1", "xmm2", "xmm3", "memory");
  }
}

void Read(const uint8_t* from, size_t bytes) {
  if (__builtin_cpu_supports("avx512f")) return ReadWide(from, bytes);
  for (size_t i = 0; i < bytes; i += 64) {
    asm volatile("movdqu (%0), %%xmm0\n movdqu 16(%0), %%xmm1\n movdqu 32(%0), %%xmm2\n movdqu 48(%0), %%xmm3\n"
                 :
                 : "r"(from + i)
                 : "xmm0", "xmm1", "xmm2", "xmm3", "memory");
  }
}

#else

double DotRate() { return 0; }
double FusedRate() { return 0; }

void Read(const uint8_t* from, size_t bytes) {
  uint64_t sum = 0;
  for (size_t i = 0; i < bytes; i += 8) {
    uint64_t word;
    std::memcpy(&word, from + i, 8);
    sum += word;
  }
  asm volatile("" : : "r"(sum));
}

#endif

double ReadRate(size_t bytes) {
  const std::vector<uint8_t> data(bytes, 1);
  const size_t times = std::max<size_t>(1, (size_t{1} << 28) / 4 / bytes);
  return BestRate(static_cast<double>(bytes * times), [&] {
    for (size_t i = 0; i < times; ++i) Read(data.data(), bytes);
  });
}

}  // namespace

void RegisterLoop() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512vnni")) return DotLoop();
  if (__builtin_cpu_supports("avx512f")) return WideFusedLoop();
  if (__builtin_cpu_supports("avx2")) return FusedLoop();
#endif
  uint64_t sum = 1;
  for (int64_t i = 0; i < kLoops; ++i) sum = sum * 3 + static_cast<uint64_t>(i);
  asm volatile("" : : "r"(sum));
}

std::vector<Limit> MeasureLimits() {
  return {{"int8_gmacs", DotRate()},
          {"float_gmacs", FusedRate()},
          {"l2_gbytes", ReadRate(size_t{1} << 19)},
          {"l3_gbytes", ReadRate(size_t{1} << 23)},
          {"memory_gbytes", ReadRate(size_t{1} << 28)}};
}

}  // namespace lowbit::bench
