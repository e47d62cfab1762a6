#include <gtest/gtest.h>

#include <vector>

#include "lowbit/base/random.h"
#include "lowbit/format/lbm/pack_bits.h"
#include "lowbit/format/lbm/pack_trits.h"

namespace lowbit::lbm {
namespace {

std::vector<uint8_t> RandomCodes(uint64_t count, int values) {
  const CounterRandom random(count, StreamOf("pack"), static_cast<uint64_t>(values));
  std::vector<uint8_t> codes(count);
  for (uint64_t i = 0; i < count; ++i) codes[i] = static_cast<uint8_t>(random.Below(i, static_cast<uint64_t>(values)));
  return codes;
}

TEST(PackTrits, KnownBytes) {
  const std::vector<uint8_t> codes = {2, 2, 2, 2, 2, 1, 0, 2};
  std::vector<uint8_t> bytes(2);
  PackTrits(codes.data(), codes.size(), bytes.data());
  EXPECT_EQ(bytes, (std::vector<uint8_t>{242, 1 + 0 * 3 + 2 * 9}));
}

TEST(PackTrits, RoundTripOfEveryLength) {
  for (uint64_t count = 0; count <= 41; ++count) {
    const std::vector<uint8_t> codes = RandomCodes(count, 3);
    std::vector<uint8_t> bytes(TritRowBytes(count)), back(count);
    PackTrits(codes.data(), count, bytes.data());
    ASSERT_TRUE(UnpackTrits(bytes.data(), count, back.data()));
    EXPECT_EQ(back, codes);
  }
}

TEST(PackTrits, AcceptsExactlyTheBytesThatPackingGives) {
  for (uint64_t count = 1, limit = 3; count <= 5; ++count, limit *= 3) {
    for (unsigned byte = 0; byte < 256; ++byte) {
      const uint8_t stored = static_cast<uint8_t>(byte);
      uint8_t codes[5];
      EXPECT_EQ(UnpackTrits(&stored, count, codes), byte < limit) << byte << " as " << count << " trits";
    }
  }
}

TEST(PackTrits, ABadByteInTheMiddleIsSeen) {
  const std::vector<uint8_t> bytes = {0, 243, 0};
  uint8_t codes[15];
  EXPECT_FALSE(UnpackTrits(bytes.data(), 15, codes));
}

TEST(PackBits, KnownBytes) {
  const std::vector<uint8_t> codes = {1, 2, 7};  // 001, 010, 111 from the lowest bit on: 1 11 010 001
  std::vector<uint8_t> bytes(2);
  PackBits(codes.data(), codes.size(), 3, bytes.data());
  EXPECT_EQ(bytes, (std::vector<uint8_t>{0xD1, 0x01}));
}

TEST(PackBits, KnownBytesOfWideCodes) {
  const std::vector<uint8_t> low = {0x01, 0xFF}, high = {0x02, 0x03};  // 10 bits each: 1000000001, 1111111111
  std::vector<uint8_t> bytes(3);
  PackWideBits(low.data(), high.data(), 2, 10, bytes.data());
  EXPECT_EQ(bytes, (std::vector<uint8_t>{0x01, 0xFE, 0x0F}));
}

TEST(PackBits, RoundTripOfWideCodes) {
  for (int bits = 9; bits <= 16; ++bits) {
    for (uint64_t count = 0; count <= 33; ++count) {
      const std::vector<uint8_t> low = RandomCodes(count, 256), high = RandomCodes(count, 1 << (bits - 8));
      std::vector<uint8_t> bytes(BitRowBytes(count, bits)), low_back(count), high_back(count);
      PackWideBits(low.data(), high.data(), count, bits, bytes.data());
      ASSERT_TRUE(UnpackWideBits(bytes.data(), count, bits, low_back.data(), high_back.data()));
      EXPECT_EQ(low_back, low);
      EXPECT_EQ(high_back, high);
    }
  }
  const std::vector<uint8_t> left_over = {0, 4};
  uint8_t low, high;
  EXPECT_FALSE(UnpackWideBits(left_over.data(), 1, 10, &low, &high));
}

TEST(PackBits, RoundTripOfEveryWidthAndLength) {
  for (int bits = 1; bits <= 8; ++bits) {
    for (uint64_t count = 0; count <= 19; ++count) {
      const std::vector<uint8_t> codes = RandomCodes(count, 1 << bits);
      std::vector<uint8_t> bytes(BitRowBytes(count, bits)), back(count);
      PackBits(codes.data(), count, bits, bytes.data());
      ASSERT_TRUE(UnpackBits(bytes.data(), count, bits, back.data()));
      EXPECT_EQ(back, codes);
    }
  }
}

TEST(PackBits, EveryLeftOverBitMustBeZero) {
  for (int bits = 1; bits <= 8; ++bits) {
    for (uint64_t count = 1; count <= 9; ++count) {
      std::vector<uint8_t> bytes(BitRowBytes(count, bits)), codes(count);
      for (uint64_t bit = count * static_cast<uint64_t>(bits); bit < 8 * bytes.size(); ++bit) {
        bytes.back() = static_cast<uint8_t>(1u << bit % 8);
        EXPECT_FALSE(UnpackBits(bytes.data(), count, bits, codes.data())) << bits << " bits, " << count << " codes";
      }
    }
  }
}

}  // namespace
}  // namespace lowbit::lbm
