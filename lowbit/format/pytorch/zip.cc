#include "lowbit/format/pytorch/zip.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>

#include "lowbit/base/bytes.h"

namespace lowbit::pytorch {
namespace {

// Signatures and sizes of the format's records (PKWARE's APPNOTE.TXT).
constexpr uint32_t kEnd = 0x06054b50, kEnd64 = 0x06064b50, kLocator64 = 0x07064b50, kEntry = 0x02014b50,
                   kLocal = 0x04034b50;
constexpr uint64_t kEndBytes = 22, kEnd64Bytes = 56, kLocatorBytes = 20, kEntryBytes = 46, kLocalBytes = 30;
constexpr uint64_t kLongestComment = 65535;
constexpr uint32_t kIn64 = 0xffffffff;  // In the place of a number that only zip64's records hold.

class Reader {
 public:
  explicit Reader(Span<const uint8_t> bytes) : bytes_(bytes) {}

  Result<std::map<std::string, Span<const uint8_t>>> Run() {
    LOWBIT_RETURN_IF_ERROR(FindDirectory());
    uint64_t at = directory_;
    for (uint64_t i = 0; i < count_; ++i) {
      LOWBIT_TRY(at, ReadEntry(at));
    }
    return std::move(entries_);
  }

 private:
  bool Fits(uint64_t at, uint64_t count) const { return at <= bytes_.size() && count <= bytes_.size() - at; }
  template <typename T>
  T At(uint64_t at) const {
    return LoadLittle<T>(bytes_.data() + at);
  }
  bool Is(uint64_t at, uint64_t count, uint32_t signature) const {
    return Fits(at, count) && At<uint32_t>(at) == signature;
  }

  // From the last record of the file, which a comment may follow.
  Status FindDirectory() {
    const uint64_t size = bytes_.size();
    if (size < kEndBytes) return Invalid("is too short for a zip archive");
    uint64_t end = size - kEndBytes;
    const uint64_t last = end - std::min(end, kLongestComment);
    while (At<uint32_t>(end) != kEnd) {
      if (end-- == last) return Invalid("has no directory of a zip archive at its end; it may be truncated");
    }
    count_ = At<uint16_t>(end + 10);
    directory_ = At<uint32_t>(end + 16);
    if (end < kLocatorBytes || !Is(end - kLocatorBytes, kLocatorBytes, kLocator64)) return Ok();
    const uint64_t end64 = At<uint64_t>(end - kLocatorBytes + 8);
    if (!Is(end64, kEnd64Bytes, kEnd64)) return Invalid("its zip64 directory is not where it is said to be");
    count_ = At<uint64_t>(end64 + 32);
    directory_ = At<uint64_t>(end64 + 48);
    return Ok();
  }

  struct Entry {
    std::string name;
    uint64_t size = 0, stored = 0, local = 0;
  };

  // What does not fit 32 bits stands in an extra field, in this order.
  Status Widen(uint64_t extra, uint64_t length, Entry* entry) const {
    uint64_t at = extra;
    const uint64_t end = extra + length;
    while (end - at >= 4 && At<uint16_t>(at) != 1) at = std::min(end, at + 4 + At<uint16_t>(at + 2));
    at = std::min(end, at + 4);
    for (uint64_t* number : {&entry->size, &entry->stored, &entry->local}) {
      if (*number != kIn64) continue;
      if (end - at < 8) return Invalid("entry '" + entry->name + "' does not say its size");
      *number = At<uint64_t>(at);
      at += 8;
    }
    return Ok();
  }

  // Returns where the next one is.
  Result<uint64_t> ReadEntry(uint64_t at) {
    if (!Is(at, kEntryBytes, kEntry)) return Invalid("its zip directory is damaged at byte " + std::to_string(at));
    const uint64_t name = At<uint16_t>(at + 28), extra = At<uint16_t>(at + 30), comment = At<uint16_t>(at + 32);
    if (!Fits(at + kEntryBytes, name + extra + comment)) return Invalid("its zip directory is truncated");
    Entry entry = {{}, At<uint32_t>(at + 24), At<uint32_t>(at + 20), At<uint32_t>(at + 42)};
    entry.name.assign(reinterpret_cast<const char*>(bytes_.data() + at + kEntryBytes), name);
    LOWBIT_RETURN_IF_ERROR(Widen(at + kEntryBytes + name, extra, &entry));
    const bool plain = At<uint16_t>(at + 10) == 0 && (At<uint16_t>(at + 8) & 1) == 0 && entry.size == entry.stored;
    if (!plain) return Invalid("entry '" + entry.name + "' is compressed or encrypted, which PyTorch's never are");
    LOWBIT_RETURN_IF_ERROR(Add(entry, At<uint32_t>(at + 16)));
    return at + kEntryBytes + name + extra + comment;
  }

  Status Add(const Entry& entry, uint32_t checksum) {
    const std::string what = "entry '" + entry.name + "' ";
    if (!Is(entry.local, kLocalBytes, kLocal)) return Invalid(what + "is not where the directory says");
    const uint64_t data = entry.local + kLocalBytes + At<uint16_t>(entry.local + 26) + At<uint16_t>(entry.local + 28);
    if (!Fits(data, entry.size)) return Invalid(what + "goes beyond the end of the file");
    // Each byte is looked at once: entries that overlap could make a small file take long.
    total_ += entry.size;
    if (total_ > bytes_.size()) return Invalid("has entries that overlap");
    const Span<const uint8_t> bytes = bytes_.subspan(data, entry.size);
    if (crc32_z(0, bytes.data(), bytes.size()) != checksum) {
      return Invalid(what + "is damaged: its checksum is another");
    }
    if (!entries_.emplace(entry.name, bytes).second) return Invalid(what + "is there twice");
    return Ok();
  }

  Span<const uint8_t> bytes_;
  uint64_t count_ = 0, directory_ = 0, total_ = 0;
  std::map<std::string, Span<const uint8_t>> entries_;
};

}  // namespace

Result<std::map<std::string, Span<const uint8_t>>> ReadZip(Span<const uint8_t> bytes) { return Reader(bytes).Run(); }

}  // namespace lowbit::pytorch
