#include "lowbit/data/map_file.h"

namespace lowbit::data {

Result<MappedFile> MapDataFile(const std::string& path) { return MappedFile::Open(path, kMaxDataBytes); }

}  // namespace lowbit::data
