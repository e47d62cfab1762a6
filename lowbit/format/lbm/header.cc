#include "lowbit/format/lbm/header.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <string>

#include "lowbit/base/bytes.h"
#include "lowbit/base/checksum.h"

namespace lowbit::lbm {
namespace {

// "LBM", 1, then the bytes that a transfer in text mode damages.
constexpr uint8_t kMagic[8] = {'L', 'B', 'M', 0x01, 0x0D, 0x0A, 0x1A, 0x0A};

enum Offset : size_t {
  kVersionAt = 8,
  kHeaderBytesAt = 12,
  kFileBytesAt = 16,
  kStructureOffsetAt = 24,
  kStructureBytesAt = 32,
  kDataOffsetAt = 40,
  kDataBytesAt = 48,
  kChecksumAt = 56,
};

uint64_t ChecksumOf(Span<const uint8_t> file) {
  return Xxh64({file.subspan(0, kChecksumAt), file.subspan(kHeaderBytes, file.size() - kHeaderBytes)});
}

std::string Hex(uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof text, "%016" PRIx64, value);
  return text;
}

Error WrongField(const std::string& field, uint64_t value, uint64_t expected) {
  return Invalid("header: " + field + " is " + std::to_string(value) + "; expected " + std::to_string(expected));
}

Status CheckSignature(Span<const uint8_t> file) {
  if (file.empty()) return Invalid("is empty; expected an .lbm file");
  const size_t known = std::min(file.size(), sizeof kMagic);
  if (std::memcmp(file.data(), kMagic, known) != 0) {
    return Invalid("does not begin with the signature of an .lbm file (4c 42 4d 01 0d 0a 1a 0a)");
  }
  if (file.size() < kHeaderBytes) {
    return Invalid("is truncated: has " + std::to_string(file.size()) + " bytes; the header takes 64");
  }
  const uint32_t version = LoadLittle<uint32_t>(file.data() + kVersionAt);
  if (version != kVersion) {
    return Invalid("has format version " + std::to_string(version) + "; this program reads version " +
                   std::to_string(kVersion));
  }
  return Ok();
}

Status CheckSizes(Span<const uint8_t> file) {
  const auto field = [&](Offset at) { return LoadLittle<uint64_t>(file.data() + at); };
  const uint64_t header = LoadLittle<uint32_t>(file.data() + kHeaderBytesAt);
  if (header != kHeaderBytes) return WrongField("header size", header, kHeaderBytes);
  if (field(kFileBytesAt) != file.size()) {
    return Invalid(std::string(file.size() < field(kFileBytesAt) ? "is truncated" : "has bytes after its end") +
                   ": has " + std::to_string(file.size()) + " bytes; its header says " +
                   std::to_string(field(kFileBytesAt)));
  }
  if (field(kStructureOffsetAt) != kHeaderBytes) {
    return WrongField("structure offset", field(kStructureOffsetAt), kHeaderBytes);
  }
  const uint64_t structure = field(kStructureBytesAt);
  if (structure > kMaxStructureBytes || structure > file.size() - kHeaderBytes) {
    return Invalid("header: structure size is " + std::to_string(structure) +
                   "; expected one that fits the file, and at most 2^28");
  }
  const uint64_t data = RoundUp(kHeaderBytes + structure, kSectionAlignment);
  if (field(kDataOffsetAt) != data) return WrongField("data offset", field(kDataOffsetAt), data);
  if (data > file.size()) return WrongField("file size", file.size(), data);
  if (field(kDataBytesAt) != file.size() - data) {
    return WrongField("data size", field(kDataBytesAt), file.size() - data);
  }
  return Ok();
}

}  // namespace

Result<Sections> ReadFrame(Span<const uint8_t> file) {
  LOWBIT_RETURN_IF_ERROR(CheckSignature(file));
  LOWBIT_RETURN_IF_ERROR(CheckSizes(file));
  const uint64_t stored = LoadLittle<uint64_t>(file.data() + kChecksumAt), computed = ChecksumOf(file);
  if (stored != computed) {
    return Invalid("is damaged: its bytes have checksum " + Hex(computed) + "; its header says " + Hex(stored));
  }
  Sections sections;
  sections.structure = file.subspan(kHeaderBytes, LoadLittle<uint64_t>(file.data() + kStructureBytesAt));
  const uint64_t data = LoadLittle<uint64_t>(file.data() + kDataOffsetAt);
  sections.data = file.subspan(data, file.size() - data);
  const bool clean = std::all_of(sections.structure.end(), sections.data.begin(), [](uint8_t b) { return b == 0; });
  if (!clean) return Invalid("has padding before its data section that is not zero");
  return sections;
}

std::vector<uint8_t> WriteFrame(const Sections& sections) {
  LOWBIT_CHECK(sections.structure.size() <= kMaxStructureBytes);
  const uint64_t data = RoundUp(kHeaderBytes + sections.structure.size(), kSectionAlignment);
  std::vector<uint8_t> file(data + sections.data.size(), 0);
  std::copy(std::begin(kMagic), std::end(kMagic), file.begin());
  StoreLittle(kVersion, file.data() + kVersionAt);
  StoreLittle(static_cast<uint32_t>(kHeaderBytes), file.data() + kHeaderBytesAt);
  StoreLittle(uint64_t{file.size()}, file.data() + kFileBytesAt);
  StoreLittle(kHeaderBytes, file.data() + kStructureOffsetAt);
  StoreLittle(uint64_t{sections.structure.size()}, file.data() + kStructureBytesAt);
  StoreLittle(data, file.data() + kDataOffsetAt);
  StoreLittle(uint64_t{sections.data.size()}, file.data() + kDataBytesAt);
  std::copy(sections.structure.begin(), sections.structure.end(), file.begin() + kHeaderBytes);
  std::copy(sections.data.begin(), sections.data.end(), file.begin() + static_cast<int64_t>(data));
  Seal(file);
  return file;
}

void Seal(Span<uint8_t> file) {
  LOWBIT_CHECK(file.size() >= kHeaderBytes);
  StoreLittle(ChecksumOf(Span<const uint8_t>(file.data(), file.size())), file.data() + kChecksumAt);
}

}  // namespace lowbit::lbm
