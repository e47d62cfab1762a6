#include "lowbit/train/bfloat16.h"

namespace lowbit::train {

bool MultipliesBfloat16() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bf16") != 0;
#else
  return true;
#endif
}

}  // namespace lowbit::train
