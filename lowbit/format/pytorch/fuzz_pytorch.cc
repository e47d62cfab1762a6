// Feeds the reader of PyTorch's files: the input as it is, and as a pickle alone.

#include "lowbit/base/check.h"
#include "lowbit/format/pytorch/checkpoint.h"
#include "lowbit/format/pytorch/pickle.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const lowbit::Span<const uint8_t> input(data, size);
  const auto file = lowbit::pytorch::Decode(input, "input");
  LOWBIT_CHECK(file.ok() || !file.error().message.empty());
  if (file.ok()) {
    for (const auto& [name, tensor] : file.value().tensors) lowbit::safetensors::ToFloats(tensor);
  }
  const auto pickle = lowbit::pytorch::ReadPickle(input);
  LOWBIT_CHECK(!pickle.ok() || pickle.value().bytes <= size);
  return 0;
}
