#ifndef LOWBIT_FORMAT_LBM_HEADER_H_
#define LOWBIT_FORMAT_LBM_HEADER_H_

// The first 64 bytes of an .lbm file (FORMAT.md, section 2) and the frame of the two sections behind them.

#include <cstdint>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/base/span.h"

namespace lowbit::lbm {

inline constexpr uint32_t kVersion = 1;
inline constexpr uint64_t kHeaderBytes = 64;
inline constexpr uint64_t kSectionAlignment = 64;
inline constexpr uint64_t kParameterAlignment = 8;
inline constexpr uint64_t kMaxStructureBytes = uint64_t{1} << 28;

// The smallest multiple of `alignment` that is at least `value`.
constexpr uint64_t RoundUp(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

struct Sections {
  Span<const uint8_t> structure;
  Span<const uint8_t> data;
};

// Checks magic, version, sizes, padding between the sections and the checksum, in this order.
Result<Sections> ReadFrame(Span<const uint8_t> file);

// Header, sections and padding, sealed by the checksum. REQUIRES: structure.size() <= kMaxStructureBytes
std::vector<uint8_t> WriteFrame(const Sections& sections);

// Writes the checksum of the file into its header. REQUIRES: file.size() >= kHeaderBytes
void Seal(Span<uint8_t> file);

}  // namespace lowbit::lbm

#endif  // LOWBIT_FORMAT_LBM_HEADER_H_
