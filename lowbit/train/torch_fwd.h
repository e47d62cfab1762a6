#ifndef LOWBIT_TRAIN_TORCH_FWD_H_
#define LOWBIT_TRAIN_TORCH_FWD_H_

// libtorch's tensor, named without its headers (twelve seconds of compile time each).

namespace at {
class Tensor;
}

#endif  // LOWBIT_TRAIN_TORCH_FWD_H_
