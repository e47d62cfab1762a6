#ifndef LOWBIT_FORMAT_ONNX_RULES_VOLUMES_H_
#define LOWBIT_FORMAT_ONNX_RULES_VOLUMES_H_

#include "lowbit/format/onnx/rules.h"

namespace lowbit::onnx {

// Conv, and MaxPool or AveragePool, of volumes [N, C, D, H, W]. REQUIRES: input 0 has five dimensions
Outputs ConvOfVolumes(Call call, Builder* builder);
Outputs PoolOfVolumes(Call call, Builder* builder);

// Of any number of dimensions.
Outputs GlobalAveragePool(Call call, Builder* builder);

}  // namespace lowbit::onnx

#endif  // LOWBIT_FORMAT_ONNX_RULES_VOLUMES_H_
