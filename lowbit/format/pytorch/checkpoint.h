#ifndef LOWBIT_FORMAT_PYTORCH_CHECKPOINT_H_
#define LOWBIT_FORMAT_PYTORCH_CHECKPOINT_H_

// Files of weights that PyTorch's torch.save writes (.pth, .pt): a dictionary of tensors by name, in the zip archive of
// version 1.6 and later or in the stream before it. Nothing in the file is executed (pickle.h).

#include <string>

#include "lowbit/base/result.h"
#include "lowbit/base/span.h"
#include "lowbit/format/safetensors/safetensors.h"

namespace lowbit::pytorch {

// Whether the file begins as one of torch.save. False for a file that cannot be read.
bool IsCheckpoint(const std::string& path);

// The tensors, row-major, as a safetensors file would hold them; no metadata. If the dictionary is not one of tensors, but has
// one under the key "state_dict", "model_state_dict", "model", "params_ema" or "params", it is that.
//
// `name` begins every message (the file's path). Errors: neither archive nor stream, damage, big-endian data; classes or
// functions beyond those of weights, as whole modules need them; no dictionary of tensors; a tensor that does not fit its
// data, or repeats it (an expanded one); more than eight times the file in tensors that share data.
Result<safetensors::File> Decode(Span<const uint8_t> bytes, const std::string& name);
Result<safetensors::File> Read(const std::string& path);

}  // namespace lowbit::pytorch

#endif  // LOWBIT_FORMAT_PYTORCH_CHECKPOINT_H_
