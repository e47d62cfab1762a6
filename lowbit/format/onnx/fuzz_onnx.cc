// Feeds the ONNX reader. What is accepted must be a valid graph, and whatever is not must say why.

#include "lowbit/core/validate.h"
#include "lowbit/format/onnx/onnx.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto graph = lowbit::onnx::Decode(lowbit::Span<const uint8_t>(data, size), "input", "");
  if (graph.ok()) {
    LOWBIT_CHECK(lowbit::Validate(graph.value()).ok());
  } else {
    LOWBIT_CHECK(!graph.error().message.empty());
  }
  return 0;
}
