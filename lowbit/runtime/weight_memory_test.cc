#include "lowbit/runtime/weight_memory.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace lowbit::runtime {
namespace {

// Below, at and above the size of a large page.
TEST(WeightMemory, IsAlignedAndWritable) {
  for (const size_t bytes : {size_t{1}, (size_t{1} << 21) - 1, size_t{1} << 21, (size_t{5} << 20) + 3}) {
    SCOPED_TRACE(bytes);
    const auto memory = AllocateWeights<uint8_t>(bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(memory.get()) % 64, 0u);
    for (size_t i = 0; i < bytes; i += 4096) memory[i] = static_cast<uint8_t>(i >> 12);
    memory[bytes - 1] = 7;
    for (size_t i = 0; i + 1 < bytes; i += 4096) ASSERT_EQ(memory[i], static_cast<uint8_t>(i >> 12));
    EXPECT_EQ(memory[bytes - 1], 7);
  }
}

TEST(WeightMemory, ThrowsWhereThereIsNotSoMuch) {
  EXPECT_THROW(AllocateWeights<int32_t>(std::numeric_limits<size_t>::max() / 2), std::bad_alloc);
}

}  // namespace
}  // namespace lowbit::runtime
