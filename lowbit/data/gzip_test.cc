#include "lowbit/data/gzip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lowbit/data/test_files.h"

namespace lowbit::data {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

Bytes Text() {
  Bytes text;
  for (int i = 0; i < 3000; ++i) text.push_back(static_cast<uint8_t>(i * i >> 3));
  return text;
}

std::string MessageOf(const Result<std::vector<uint8_t>>& result) {
  return result.ok() ? "ok" : result.error().message;
}

TEST(Gzip, UnpacksWhatWasPacked) {
  const Bytes text = Text(), packed = Gzip(text);
  EXPECT_TRUE(IsGzip(packed));
  EXPECT_FALSE(IsGzip(text));
  EXPECT_EQ(GunzipExactly(packed, "f", text.size()).value(), text);
  EXPECT_EQ(GunzipPrefix(packed, "f", 10).value(), Bytes(text.begin(), text.begin() + 10));
  EXPECT_EQ(GunzipPrefix(packed, "f", 5000).value(), text);
  EXPECT_EQ(GunzipExactly(Gzip({}), "f", 0).value(), Bytes());
}

TEST(Gzip, EndsAnywhere) {
  const Bytes text = Text(), packed = Gzip(text);
  for (size_t size = 0; size < packed.size(); ++size) {
    const auto result = GunzipExactly({packed.data(), size}, "f.gz", text.size());
    EXPECT_THAT(MessageOf(result), StartsWith("f.gz: ")) << size;
  }
  EXPECT_THAT(MessageOf(GunzipExactly({packed.data(), packed.size() - 1}, "f.gz", text.size())),
              HasSubstr("the file ends inside its gzip stream"));
}

// A flipped bit is an error or, in the parts of the header that mean nothing here (time, system), no change.
TEST(Gzip, AFlippedBitNeverChangesTheContents) {
  const Bytes text = Text(), packed = Gzip(text);
  int errors = 0;
  for (size_t bit = 0; bit < 8 * packed.size(); ++bit) {
    Bytes damaged = packed;
    damaged[bit / 8] ^= static_cast<uint8_t>(1 << (bit % 8));
    const auto result = GunzipExactly(damaged, "f.gz", text.size());
    if (result.ok()) {
      EXPECT_EQ(result.value(), text) << bit;
    } else {
      EXPECT_THAT(result.error().message, StartsWith("f.gz: offset ")) << bit;
      ++errors;
    }
  }
  // 10 header bytes, 4 of which are the time, 1 extra flags, 1 the system; of the flags, "text" means nothing.
  EXPECT_GE(errors, static_cast<int>(8 * packed.size()) - 8 * 6 - 8);
}

TEST(Gzip, SaysWhichLengthIsWrong) {
  const Bytes text = Text(), packed = Gzip(text);
  EXPECT_THAT(MessageOf(GunzipExactly(packed, "f", text.size() - 1)), HasSubstr("but the gzip stream holds more"));
  EXPECT_THAT(MessageOf(GunzipExactly(packed, "f", text.size() + 1)), HasSubstr("holds only 3000"));
}

TEST(Gzip, RejectsWhatFollows) {
  const Bytes text = Text();
  Bytes packed = Gzip(text);
  packed.push_back(0);
  EXPECT_THAT(MessageOf(GunzipExactly(packed, "f", text.size())), HasSubstr("bytes follow the end"));
}

TEST(Gzip, ABombIsUnpackedNoFurtherThanAsked) {
  const Bytes bomb = Gzip(Bytes(20 << 20, 0));
  EXPECT_LT(bomb.size(), 30000u);
  EXPECT_THAT(MessageOf(GunzipExactly(bomb, "f", 100)), HasSubstr("but the gzip stream holds more"));
  EXPECT_THAT(MessageOf(GunzipExactly(bomb, "f", uint64_t{1} << 50)), HasSubstr("can hold"));
}

}  // namespace
}  // namespace lowbit::data
