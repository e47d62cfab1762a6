// Feeds the ONNX reader. What is accepted must be a valid graph, which can be written again or not for a reason; whatever
// is not accepted must say why.

#include "lowbit/core/validate.h"
#include "lowbit/format/onnx/onnx.h"
#include "lowbit/format/onnx/write.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto graph = lowbit::onnx::Decode(lowbit::Span<const uint8_t>(data, size), "input", "");
  if (!graph.ok()) {
    LOWBIT_CHECK(!graph.error().message.empty());
    return 0;
  }
  LOWBIT_CHECK(lowbit::Validate(graph.value()).ok());
  for (const auto flavor : {lowbit::onnx::Flavor::kFloat, lowbit::onnx::Flavor::kInt2, lowbit::onnx::Flavor::kQonnx}) {
    const auto bytes = lowbit::onnx::Encode(graph.value(), flavor);
    LOWBIT_CHECK(bytes.ok() || !bytes.error().message.empty());
  }
  return 0;
}
