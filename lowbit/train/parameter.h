#ifndef LOWBIT_TRAIN_PARAMETER_H_
#define LOWBIT_TRAIN_PARAMETER_H_

#include <ATen/core/Tensor.h>

#include <map>
#include <string>

#include "lowbit/core/graph.h"

namespace lowbit::train {

// What the optimizer trains: a leaf tensor with requires_grad, float, on the network's device. The name is that of the
// Graph's parameter (methods that train something else than the weights append "/" and a word).
struct TrainedParameter {
  std::string name;
  at::Tensor tensor;
  ParameterTraits traits;
};

// State by name, for checkpoints: the tensors are the live ones (no copies), to be filled with Tensor::copy_.
using NamedTensors = std::map<std::string, at::Tensor>;

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_PARAMETER_H_
