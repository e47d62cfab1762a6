#ifndef LOWBIT_DATA_MAP_FILE_H_
#define LOWBIT_DATA_MAP_FILE_H_

#include <cstdint>
#include <string>

#include "lowbit/base/file.h"

namespace lowbit::data {

// The largest file of a data set, unpacked: sets are kept in memory.
inline constexpr uint64_t kMaxDataBytes = uint64_t{1} << 34;

// Maps a file of a data set: a reader can check sizes before it copies anything, so that a huge file is refused at no
// cost. Errors: not there, not a regular file, larger than kMaxDataBytes.
Result<MappedFile> MapDataFile(const std::string& path);

inline Span<const uint8_t> BytesOf(const MappedFile& file) { return {file.data(), file.size()}; }

}  // namespace lowbit::data

#endif  // LOWBIT_DATA_MAP_FILE_H_
