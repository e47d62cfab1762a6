#ifndef LOWBIT_FORMAT_SAFETENSORS_SEAL_H_
#define LOWBIT_FORMAT_SAFETENSORS_SEAL_H_

// The checksum that lowbit keeps in a file's metadata (safetensors.h).

#include <cstdint>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/base/span.h"

namespace lowbit::safetensors {

inline constexpr uint64_t kLengthBytes = 8;  // Of the number before the header.
inline constexpr uint64_t kMaxHeaderBytes = 100'000'000;
inline constexpr char kMetadataKey[] = "__metadata__";
inline constexpr char kChecksumKey[] = "lowbit.xxh64";
inline constexpr char kChecksumZero[] = "0000000000000000";

// Replaces the zeros by the checksum. REQUIRES: `file` holds a header of `header_bytes` with the field of zeros.
void Seal(uint64_t header_bytes, std::vector<uint8_t>* file);

// Whether the stored `digits` are the file's. Error: they are not, or stand in the header in another way than lowbit
// writes them.
Status CheckSeal(const std::string& digits, uint64_t header_bytes, Span<const uint8_t> file);

}  // namespace lowbit::safetensors

#endif  // LOWBIT_FORMAT_SAFETENSORS_SEAL_H_
