#include "lowbit/format/tensorboard/event_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cmath>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <map>
#include <stdexcept>

#include "lowbit/base/file.h"
#include "lowbit/format/tensorboard/crc32c.h"

namespace lowbit::tensorboard {
namespace {

using Bytes = std::vector<uint8_t>;

// A second implementation, bit by bit and field by field, that shares no code with the first.

uint32_t SlowMaskedCrc(const uint8_t* bytes, size_t size) {
  uint32_t crc = 0xFFFFFFFF;
  for (size_t bit = 0; bit < 8 * size; ++bit) {
    const uint32_t in = bytes[bit / 8] >> bit % 8 & 1;
    const bool carry = (crc & 1) != in;
    crc = (crc >> 1) ^ (carry ? 0x82F63B78u : 0);
  }
  crc ^= 0xFFFFFFFF;
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

uint64_t Number(const uint8_t* bytes, int size) {
  uint64_t value = 0;
  for (int i = size - 1; i >= 0; --i) value = value * 256 + bytes[i];
  return value;
}

std::vector<Bytes> Messages(const Bytes& file) {
  std::vector<Bytes> messages;
  size_t at = 0;
  while (at < file.size()) {
    if (file.size() - at < 16) throw std::runtime_error("cut record");
    const uint64_t length = Number(&file[at], 8);
    if (Number(&file[at + 8], 4) != SlowMaskedCrc(&file[at], 8)) throw std::runtime_error("length CRC");
    if (file.size() - at - 16 < length) throw std::runtime_error("cut message");
    if (Number(&file[at + 12 + length], 4) != SlowMaskedCrc(&file[at + 12], length)) throw std::runtime_error("CRC");
    messages.emplace_back(file.begin() + static_cast<int64_t>(at) + 12,
                          file.begin() + static_cast<int64_t>(at + 12 + length));
    at += 16 + length;
  }
  return messages;
}

// Field number -> its bytes (a varint as 8 little-endian bytes).
std::map<int, Bytes> Fields(const Bytes& message) {
  std::map<int, Bytes> fields;
  size_t at = 0;
  const auto varint = [&] {
    uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const uint8_t byte = message.at(at++);
      value |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.size()) {
    const uint64_t key = varint();
    Bytes content;
    if (key % 8 == 0) {
      const uint64_t value = varint();
      for (int i = 0; i < 8; ++i) content.push_back(static_cast<uint8_t>(value >> 8 * i));
    } else {
      const size_t size = key % 8 == 1 ? 8 : key % 8 == 5 ? 4 : varint();
      for (size_t i = 0; i < size; ++i) content.push_back(message.at(at++));
    }
    fields[static_cast<int>(key / 8)] = content;
  }
  return fields;
}

template <typename T>
T As(const Bytes& bytes) {
  T value;
  EXPECT_EQ(bytes.size(), sizeof value);
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

std::string Text(const Bytes& bytes) { return std::string(bytes.begin(), bytes.end()); }

class EventWriterTest : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::remove_all(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string folder_ = testing::TempDir() + "/lowbit_event_writer_test/run";
};

// RFC 3720, appendix B.4.
TEST(Crc32cTest, PublishedValues) {
  EXPECT_EQ(Crc32c(Bytes(32, 0x00)), 0x8A9136AAu);
  EXPECT_EQ(Crc32c(Bytes(32, 0xFF)), 0x62A8AB43u);
  Bytes ascending(32);
  for (size_t i = 0; i < 32; ++i) ascending[i] = static_cast<uint8_t>(i);
  EXPECT_EQ(Crc32c(ascending), 0x46DD794Eu);
}

TEST_F(EventWriterTest, RecordsHoldWhatWasAdded) {
  auto writer = EventWriter::Create(folder_, 1700000000.5);
  ASSERT_TRUE(writer.ok()) << writer.error().message;
  ASSERT_TRUE(writer.value().AddScalar("loss/train", 0.25, 3, 1700000001.0).ok());
  ASSERT_TRUE(writer.value().AddScalar("accuracy", std::nan(""), int64_t{1} << 40, 1700000002.0).ok());

  // Read while the writer is still open: every record is there.
  const std::vector<Bytes> messages = Messages(ReadFile(writer.value().path()).value());
  ASSERT_EQ(messages.size(), 3u);
  EXPECT_EQ(As<double>(Fields(messages[0]).at(1)), 1700000000.5);
  EXPECT_EQ(Text(Fields(messages[0]).at(3)), "brain.Event:2");

  const auto event = Fields(messages[1]);
  EXPECT_EQ(As<double>(event.at(1)), 1700000001.0);
  EXPECT_EQ(As<int64_t>(event.at(2)), 3);
  const auto value = Fields(Fields(event.at(5)).at(1));
  EXPECT_EQ(Text(value.at(1)), "loss/train");
  EXPECT_EQ(As<float>(value.at(2)), 0.25f);

  EXPECT_EQ(As<int64_t>(Fields(messages[2]).at(2)), int64_t{1} << 40);
  EXPECT_TRUE(std::isnan(As<float>(Fields(Fields(Fields(messages[2]).at(5)).at(1)).at(2))));
}

TEST_F(EventWriterTest, AResumedRunOpensANewFile) {
  auto first = EventWriter::Create(folder_, 1700000000);
  auto second = EventWriter::Create(folder_, 1700000000);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_NE(first.value().path(), second.value().path());
  EXPECT_THAT(second.value().path(), testing::HasSubstr("/events.out.tfevents.1700000000.lowbit.1"));
  ASSERT_TRUE(second.value().AddScalar("a", 1, 1, 1700000000).ok());
  EXPECT_EQ(Messages(ReadFile(first.value().path()).value()).size(), 1u);
  EXPECT_EQ(Messages(ReadFile(second.value().path()).value()).size(), 2u);
}

// A limit on the file's size is the full disk that a test can have.
TEST_F(EventWriterTest, AFullDiskIsAnError) {
  auto writer = EventWriter::Create(folder_, 1);
  ASSERT_TRUE(writer.ok());
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit old_limit, limit;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old_limit), 0);
  limit = old_limit;
  limit.rlim_cur = std::filesystem::file_size(writer.value().path());
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  const Status status = writer.value().AddScalar("a", 1, 1, 1);
  setrlimit(RLIMIT_FSIZE, &old_limit);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().kind, ErrorKind::kFailed);
  EXPECT_THAT(status.error().message, testing::HasSubstr(writer.value().path() + ": cannot write: "));
}

TEST_F(EventWriterTest, AFileInPlaceOfTheFolderIsAnError) {
  std::filesystem::create_directories(std::filesystem::path(folder_).parent_path());
  ASSERT_TRUE(WriteFileAtomic(folder_, "text").ok());
  const auto writer = EventWriter::Create(folder_, 1);
  ASSERT_FALSE(writer.ok());
  EXPECT_THAT(writer.error().message, testing::HasSubstr("lowbit_event_writer_test/run"));
}

}  // namespace
}  // namespace lowbit::tensorboard
