#ifndef LOWBIT_TRAIN_LIBTORCH_VERSION_H_
#define LOWBIT_TRAIN_LIBTORCH_VERSION_H_

namespace lowbit::train {

// "1.13.1": the libtorch that this was compiled with.
const char* LibtorchVersion();

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_LIBTORCH_VERSION_H_
