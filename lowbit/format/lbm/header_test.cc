#include "lowbit/format/lbm/header.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "lowbit/base/bytes.h"

namespace lowbit::lbm {
namespace {

using testing::HasSubstr;

std::vector<uint8_t> SomeFile() {
  static const std::vector<uint8_t> structure(70, 0x55), data(13, 0xAA);
  Sections sections;
  sections.structure = structure;
  sections.data = data;
  return WriteFrame(sections);
}

template <typename T>
std::string ErrorWith(size_t at, T value) {
  std::vector<uint8_t> file = SomeFile();
  StoreLittle(value, file.data() + at);
  Seal(file);
  const auto sections = ReadFrame(file);
  return sections.ok() ? "" : sections.error().message;
}

TEST(Header, SectionsComeBack) {
  const std::vector<uint8_t> file = SomeFile();
  EXPECT_EQ(file.size(), 192 + 13u);  // 64 + 70, rounded up to 192.
  const auto sections = ReadFrame(file);
  ASSERT_TRUE(sections.ok()) << sections.error().message;
  EXPECT_EQ(sections.value().structure.data(), file.data() + 64);
  EXPECT_EQ(sections.value().structure.size(), 70u);
  EXPECT_EQ(sections.value().data.data(), file.data() + 192);
  EXPECT_EQ(sections.value().data.size(), 13u);
}

TEST(Header, EmptySections) {
  const auto sections = ReadFrame(WriteFrame(Sections()));
  EXPECT_TRUE(sections.ok());
}

TEST(Header, MagicAndVersion) {
  EXPECT_THAT(ErrorWith(0, uint8_t{'M'}), HasSubstr("does not begin with the signature of an .lbm file"));
  EXPECT_THAT(ErrorWith(5, uint8_t{0x0D}), HasSubstr("does not begin with the signature"));
  EXPECT_EQ(ErrorWith(8, uint32_t{0}), "has format version 0; this program reads version 1");
  EXPECT_EQ(ErrorWith(8, uint32_t{2}), "has format version 2; this program reads version 1");
  EXPECT_EQ(ErrorWith(8, uint32_t{1}), "");
}

TEST(Header, SizesAndOffsets) {
  EXPECT_EQ(ErrorWith(12, uint32_t{72}), "header: header size is 72; expected 64");
  EXPECT_EQ(ErrorWith(16, uint64_t{206}), "is truncated: has 205 bytes; its header says 206");
  EXPECT_EQ(ErrorWith(16, uint64_t{204}), "has bytes after its end: has 205 bytes; its header says 204");
  EXPECT_EQ(ErrorWith(24, uint64_t{128}), "header: structure offset is 128; expected 64");
  EXPECT_EQ(ErrorWith(40, uint64_t{128}), "header: data offset is 128; expected 192");
  EXPECT_EQ(ErrorWith(48, uint64_t{12}), "header: data size is 12; expected 13");
  for (const uint64_t absurd : {uint64_t{142}, uint64_t{1} << 29, ~uint64_t{0}, uint64_t{1} << 63, ~uint64_t{0} - 63}) {
    EXPECT_THAT(ErrorWith(32, absurd), HasSubstr("header: structure size is " + std::to_string(absurd)));
    EXPECT_NE(ErrorWith(16, absurd), "");
    EXPECT_NE(ErrorWith(40, absurd), "");
    EXPECT_NE(ErrorWith(48, absurd), "");
  }
  // A structure that leaves no room for the padding behind it.
  EXPECT_EQ(ErrorWith(32, uint64_t{141}), "header: data offset is 192; expected 256");
}

TEST(Header, PaddingMustBeZero) {
  EXPECT_EQ(ErrorWith(133, uint8_t{0x55}), "");
  EXPECT_THAT(ErrorWith(134, uint8_t{1}), HasSubstr("padding before its data section"));
  EXPECT_THAT(ErrorWith(191, uint8_t{1}), HasSubstr("padding before its data section"));
}

TEST(Header, WrongChecksum) {
  std::vector<uint8_t> file = SomeFile();
  StoreLittle(uint64_t{0xabc}, file.data() + 56);
  EXPECT_THAT(ReadFrame(file).error().message, HasSubstr("its header says 0000000000000abc"));
}

}  // namespace
}  // namespace lowbit::lbm
