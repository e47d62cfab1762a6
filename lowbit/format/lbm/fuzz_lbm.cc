// Feeds the .lbm reader, each input as it is and repaired. What is accepted must be valid, and must come back from the writer.

#include <cstdint>
#include <vector>

#include "lowbit/core/validate.h"
#include "lowbit/format/lbm/lbm.h"
#include "lowbit/format/lbm/test_repair.h"

namespace lowbit::lbm {
namespace {

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
