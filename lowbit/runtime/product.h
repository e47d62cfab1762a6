#ifndef LOWBIT_RUNTIME_PRODUCT_H_
#define LOWBIT_RUNTIME_PRODUCT_H_

// Conv and Gemm with weights that are known at load, as one kind of operation.

#include <cstdint>
#include <vector>

#include "lowbit/runtime/conv_shape.h"
#include "lowbit/runtime/step.h"

namespace lowbit::runtime {

// What a node becomes before the nodes that follow it are known.
struct Product {
  ConvShape shape;
  int64_t images = 0;
  std::vector<WeightSource> groups;
  std::vector<double> bias;  // For each output channel.
  double factor = 1;
  bool depthwise = false;  // Each channel has a kernel of its own; `groups` holds one, whose rows are the channels.
};

// False if the node is no product of this kind.
bool ReadProduct(const Node& node, const Lowering& lowering, Product* product);

// Why the product is not one of bytes and integers, which is kernel conv_u8's; empty if it is.
std::string WhyNotBytes(const Node& node, const Lowering& lowering, const Product& product);

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_PRODUCT_H_
