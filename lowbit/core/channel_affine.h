#ifndef LOWBIT_CORE_CHANNEL_AFFINE_H_
#define LOWBIT_CORE_CHANNEL_AFFINE_H_

#include <functional>
#include <string>
#include <vector>

#include "lowbit/core/graph.h"

namespace lowbit {

// y = scale[c] * x + shift[c] for channel c, the second dimension of x.
struct ChannelAffine {
  std::vector<double> scale, shift;

  static ChannelAffine Identity(int64_t channels);
};

// The float tensor that a name stands for, or null if it is none or depends on an input.
using FindConstant = std::function<const FloatTensor*(const std::string& name)>;

// The constant as one value for each channel of a value of that shape; false if it is none, or varies otherwise.
bool ChannelConstant(const FloatTensor* constant, const Shape& shape, std::vector<double>* channels);

// Appends `node`, if it is arithmetic by channels on `value`: BatchNormalization, or Add, Sub, Mul or Div with a constant
// for each channel or for all. False, and nothing changed, if it is not, or if a factor would not fit a float.
// `shape` is that of the value; the node keeps it. Computed in double.
bool AppendAffine(const Node& node, const std::string& value, const Shape& shape, const FindConstant& find,
                  ChannelAffine* affine);

}  // namespace lowbit

#endif  // LOWBIT_CORE_CHANNEL_AFFINE_H_
