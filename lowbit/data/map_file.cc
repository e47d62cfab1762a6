#include "lowbit/data/map_file.h"

namespace lowbit::data {

Result<MappedFile> MapDataFile(const std::string& path) {
  LOWBIT_TRY(MappedFile file, MappedFile::Open(path));
  if (file.size() > kMaxDataBytes) {
    return Invalid(path + ": has " + std::to_string(file.size()) + " bytes; a file of a data set has at most " +
                   std::to_string(kMaxDataBytes));
  }
  return file;
}

}  // namespace lowbit::data
