#ifndef LOWBIT_FORMAT_LBM_TEST_REPAIR_H_
#define LOWBIT_FORMAT_LBM_TEST_REPAIR_H_

// For fuzz targets: damaged packed files that are damaged behind their header.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "lowbit/base/bytes.h"
#include "lowbit/format/lbm/header.h"

namespace lowbit::lbm {

// The file's structure and data in a frame that fits, because no random change passes the checksum; its own structure size
// where that is possible.
inline std::vector<uint8_t> Repair(Span<const uint8_t> file) {
  if (file.size() < kHeaderBytes) return {};
  const uint64_t behind = file.size() - kHeaderBytes;
  const uint64_t structure = std::min(LoadLittle<uint64_t>(file.data() + 32), behind);
  const uint64_t data = std::min(RoundUp(structure, kSectionAlignment), behind);
  Sections sections;
  sections.structure = file.subspan(kHeaderBytes, structure);
  sections.data = file.subspan(kHeaderBytes + data, behind - data);
  return WriteFrame(sections);
}

}  // namespace lowbit::lbm

#endif  // LOWBIT_FORMAT_LBM_TEST_REPAIR_H_
