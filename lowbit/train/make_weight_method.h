#ifndef LOWBIT_TRAIN_MAKE_WEIGHT_METHOD_H_
#define LOWBIT_TRAIN_MAKE_WEIGHT_METHOD_H_

#include <functional>
#include <memory>

namespace lowbit::train {

class WeightMethod;
struct LayerWeight;

// Makes the method that takes over a layer's weight.
using MakeWeightMethod = std::function<std::unique_ptr<WeightMethod>(const LayerWeight& weight)>;

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_MAKE_WEIGHT_METHOD_H_
