#include "lowbit/data/digest.h"

#include <gtest/gtest.h>

#include <string_view>

namespace lowbit::data {
namespace {

std::string Sha1Of(std::string_view text) {
  return Sha1Hex({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

// The first three are the examples of FIPS 180; all are what `sha1sum` prints.
TEST(Digest, GivesPublishedVectors) {
  EXPECT_EQ(Sha1Of(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  EXPECT_EQ(Sha1Of("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(Sha1Of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
  EXPECT_EQ(Sha1Of(std::string(1000000, 'a')), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

// 55, 56 and 64 bytes: the length just fits the last block, just does not, and the rest is empty.
TEST(Digest, PadsAtEveryBorderOfABlock) {
  EXPECT_EQ(Sha1Of(std::string(55, 'a')), "c1c8bbdc22796e28c0e15163d20899b65621d65a");
  EXPECT_EQ(Sha1Of(std::string(56, 'a')), "c2db330f6083854c99d4b5bfb6e8f29f201be699");
  EXPECT_EQ(Sha1Of(std::string(64, 'a')), "0098ba824b5c16427bd7a1122a5a442a25ec644d");
}

}  // namespace
}  // namespace lowbit::data
