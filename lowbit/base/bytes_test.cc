#include "lowbit/base/bytes.h"

#include <gtest/gtest.h>

namespace lowbit {
namespace {

TEST(Bytes, LittleEndian) {
  std::vector<uint8_t> bytes;
  AppendLittle(uint16_t{0x1234}, &bytes);
  AppendLittle(int64_t{-2}, &bytes);
  AppendLittle(1.5f, &bytes);
  const std::vector<uint8_t> expected = {0x34, 0x12, 0xfe, 0xff, 0xff, 0xff, 0xff,
                                         0xff, 0xff, 0xff, 0x00, 0x00, 0xc0, 0x3f};
  EXPECT_EQ(bytes, expected);
  EXPECT_EQ(LoadLittle<uint16_t>(bytes.data()), 0x1234);
  EXPECT_EQ(LoadLittle<int64_t>(bytes.data() + 2), -2);
  EXPECT_EQ(LoadLittle<float>(bytes.data() + 10), 1.5f);
}

TEST(Bytes, EveryWidthComesBack) {
  uint8_t bytes[8];
  StoreLittle(int8_t{-7}, bytes);
  EXPECT_EQ(LoadLittle<int8_t>(bytes), -7);
  StoreLittle(uint32_t{0xdeadbeef}, bytes);
  EXPECT_EQ(LoadLittle<uint32_t>(bytes), 0xdeadbeefu);
  StoreLittle(-0.1, bytes);
  EXPECT_EQ(LoadLittle<double>(bytes), -0.1);
}

}  // namespace
}  // namespace lowbit
