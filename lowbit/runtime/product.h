#ifndef LOWBIT_RUNTIME_PRODUCT_H_
#define LOWBIT_RUNTIME_PRODUCT_H_

// Conv and Gemm with weights that are known at load, as one kind of operation.

#include <cstdint>
#include <optional>
#include <string>
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

// Why the product is not one of bytes and integers (ByteKind); empty if it is.
std::string WhyNotBytes(const Node& node, const Lowering& lowering, const Product& product);

// Products of bytes and integers, by the kernel that they are for.
enum class ByteKind : uint8_t {
  kDepthwise,  // depthwise_u8
  kFewValues,  // conv_u2: at most 4 values on both sides, small ones
  kTwoValues,  // binary_u8: weights of two values, where looking up is the faster way
  kAny,        // conv_u8: the others
};

struct ByteProduct {
  Product product;
  ByteFormat input;
  Fusion fusion;          // Of what follows the product, a quantizer included.
  std::string operation;  // "conv" or "gemm".
};

// None if the node is no product of that kind. The rows of a Gemm are pixels of one image.
std::optional<ByteProduct> ReadByteProduct(size_t node, const Lowering& lowering, ByteKind kind);

// What a product that runs in floats says of itself: kernel "conv_f32_<values>", why it is no better one, what it reads and writes.
void DescribeFloatProduct(const Node& node, const Lowering& lowering, const Fusion& fusion, const std::string& values,
                          const std::string& reason, Step* step);

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_PRODUCT_H_
