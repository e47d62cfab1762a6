// Feeds the safetensors reader. Every input is read twice: as it is, and as a header with as much data as a first byte
// says. What is accepted must come back from the writer.

#include <cstdint>
#include <vector>

#include "lowbit/base/bytes.h"
#include "lowbit/format/safetensors/safetensors.h"

namespace lowbit::safetensors {
namespace {

// The input without its first byte: that many bytes of data behind a header that is the rest.
std::vector<uint8_t> Frame(Span<const uint8_t> input) {
  if (input.empty()) return {};
  std::vector<uint8_t> file;
  AppendLittle(uint64_t{input.size() - 1}, &file);
  file.insert(file.end(), input.begin() + 1, input.end());
  file.resize(file.size() + input[0], 0x3F);
  return file;
}

void Try(Span<const uint8_t> bytes) {
  const auto file = Decode(bytes, "input");
  if (!file.ok()) {
    LOWBIT_CHECK(!file.error().message.empty());
    return;
  }
  for (const auto& [name, tensor] : file.value().tensors) {
    LOWBIT_CHECK(ToFloats(tensor).size() == static_cast<size_t>(Elements(tensor.shape)));
  }
  const auto written = Encode(file.value());
  LOWBIT_CHECK(written.ok());
  const auto again = Decode(written.value(), "written", Checksum::kRequired);
  LOWBIT_CHECK(again.ok());
  LOWBIT_CHECK(Encode(again.value()).value() == written.value());
}

}  // namespace
}  // namespace lowbit::safetensors

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const lowbit::Span<const uint8_t> input(data, size);
  lowbit::safetensors::Try(input);
  lowbit::safetensors::Try(lowbit::safetensors::Frame(input));
  return 0;
}
