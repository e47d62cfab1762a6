// Feeds the .lbm reader. Every input is read twice: as it is, and with a header repaired to fit it, because no random
// change passes the checksum. What is accepted must be valid, and must come back from the writer.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "lowbit/base/bytes.h"
#include "lowbit/core/validate.h"
#include "lowbit/format/lbm/header.h"
#include "lowbit/format/lbm/lbm.h"

namespace lowbit::lbm {
namespace {

// The input's structure and data in a frame that fits: its own structure size where that is possible.
std::vector<uint8_t> Repair(Span<const uint8_t> file) {
  if (file.size() < kHeaderBytes) return {};
  const uint64_t behind = file.size() - kHeaderBytes;
  const uint64_t structure = std::min(LoadLittle<uint64_t>(file.data() + 32), behind);
  const uint64_t data = std::min(RoundUp(structure, kSectionAlignment), behind);
  Sections sections;
  sections.structure = file.subspan(kHeaderBytes, structure);
  sections.data = file.subspan(kHeaderBytes + data, behind - data);
  return WriteFrame(sections);
}

void Try(Span<const uint8_t> file) {
  const auto graph = Decode(file, "input");
  if (!graph.ok()) {
    LOWBIT_CHECK(!graph.error().message.empty());
    return;
  }
  LOWBIT_CHECK(Validate(graph.value()).ok());
  const auto written = Encode(graph.value());
  LOWBIT_CHECK(written.ok());
  const auto again = Decode(written.value(), "written");
  LOWBIT_CHECK(again.ok());
  LOWBIT_CHECK(Encode(again.value()).value() == written.value());
}

}  // namespace
}  // namespace lowbit::lbm

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const lowbit::Span<const uint8_t> input(data, size);
  lowbit::lbm::Try(input);
  lowbit::lbm::Try(lowbit::lbm::Repair(input));
  return 0;
}
