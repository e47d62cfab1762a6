#include "lowbit/train/libtorch_version.h"

#include <torch/version.h>

namespace lowbit::train {

const char* LibtorchVersion() { return TORCH_VERSION; }

}  // namespace lowbit::train
