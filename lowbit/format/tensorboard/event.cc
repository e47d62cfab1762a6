#include "lowbit/format/tensorboard/event.h"

#include "lowbit/base/bytes.h"
#include "lowbit/format/tensorboard/crc32c.h"

namespace lowbit::tensorboard {
namespace {

using Bytes = std::vector<uint8_t>;

// Protocol buffers' wire types.
enum WireType : uint8_t { kVarint = 0, kFixed64 = 1, kLengthDelimited = 2, kFixed32 = 5 };

void AppendVarint(uint64_t value, Bytes* bytes) {
  for (; value >= 0x80; value >>= 7) bytes->push_back(static_cast<uint8_t>(value | 0x80));
  bytes->push_back(static_cast<uint8_t>(value));
}

void AppendKey(int field, WireType type, Bytes* bytes) {
  AppendVarint(static_cast<uint64_t>(field) << 3 | type, bytes);
}

template <typename Container>
void AppendField(int field, const Container& content, Bytes* bytes) {
  AppendKey(field, kLengthDelimited, bytes);
  AppendVarint(content.size(), bytes);
  bytes->insert(bytes->end(), content.begin(), content.end());
}

Bytes EventAt(WallTime wall_time) {
  Bytes event;
  AppendKey(1, kFixed64, &event);
  AppendLittle(wall_time, &event);
  return event;
}

uint32_t MaskedCrc(Span<const uint8_t> bytes) {
  const uint32_t crc = Crc32c(bytes);
  return (crc >> 15 | crc << 17) + 0xA282EAD8u;
}

}  // namespace

std::vector<uint8_t> VersionEvent(WallTime wall_time) {
  Bytes event = EventAt(wall_time);
  AppendField(3, std::string("brain.Event:2"), &event);
  return event;
}

std::vector<uint8_t> ScalarEvent(WallTime wall_time, int64_t step, const std::string& tag, float value) {
  Bytes scalar;
  AppendField(1, tag, &scalar);
  AppendKey(2, kFixed32, &scalar);
  AppendLittle(value, &scalar);
  Bytes summary;
  AppendField(1, scalar, &summary);

  Bytes event = EventAt(wall_time);
  AppendKey(2, kVarint, &event);
  AppendVarint(static_cast<uint64_t>(step), &event);
  AppendField(5, summary, &event);
  return event;
}

std::vector<uint8_t> Record(Span<const uint8_t> message) {
  Bytes record;
  AppendLittle(uint64_t{message.size()}, &record);
  AppendLittle(MaskedCrc(record), &record);
  record.insert(record.end(), message.begin(), message.end());
  AppendLittle(MaskedCrc(message), &record);
  return record;
}

}  // namespace lowbit::tensorboard
