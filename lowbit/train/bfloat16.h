#ifndef LOWBIT_TRAIN_BFLOAT16_H_
#define LOWBIT_TRAIN_BFLOAT16_H_

namespace lowbit::train {

// Whether this processor has instructions that multiply bfloat16: on x86 AVX512-BF16 (Cooper Lake, Sapphire Rapids, Zen 4
// and later). Other x86 processors emulate them, which is slower than float32. True where we cannot tell.
bool MultipliesBfloat16();

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_BFLOAT16_H_
