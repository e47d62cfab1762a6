#include "lowbit/base/checksum.h"

#include <gtest/gtest.h>

#include <string>

namespace lowbit {
namespace {

Span<const uint8_t> Bytes(const std::string& text) {
  return Span<const uint8_t>(reinterpret_cast<const uint8_t*>(text.data()), text.size());
}

// Published values of XXH64 with seed 0.
TEST(Xxh64, KnownValues) {
  EXPECT_EQ(Xxh64({}), 0xEF46DB3751D8E999u);
  EXPECT_EQ(Xxh64({Bytes("a")}), 0xD24EC4F1A98C6E5Bu);
  EXPECT_EQ(Xxh64({Bytes("abc")}), 0x44BC2CF5AD770999u);
}

TEST(Xxh64, PiecesAreOneText) {
  const std::string text(1000, 'x'), head = text.substr(0, 333), tail = text.substr(333);
  EXPECT_EQ(Xxh64({Bytes(head), Bytes(""), Bytes(tail)}), Xxh64({Bytes(text)}));
}

}  // namespace
}  // namespace lowbit
