#ifndef LOWBIT_COMPRESS_PRODUCT_INPUT_STATISTICS_H_
#define LOWBIT_COMPRESS_PRODUCT_INPUT_STATISTICS_H_

#include <vector>

#include "lowbit/base/span.h"
#include "lowbit/core/graph.h"
#include "lowbit/quant/product/matrix.h"

namespace lowbit::compress {

// What the blocks of a layer's weights meet: for each block position, the sum of s s^T over all output positions of all images,
// where s are the `block` inputs that the block is multiplied with, padding as zeros. Exact, in double, and without an unfolded
// copy of the inputs: an element is the sum of products of an image with itself, moved.
//
// Position g * m + b is block b (of m in a row) of the layer's group g.
class InputStatistics {
 public:
  // REQUIRES: ReadsPatches(node), the graph is valid, and block divides the weight's columns.
  InputStatistics(const Node& node, const Shape& weight, int block);

  // Inputs [N, C, H, W] or [N, C]. Cost: block * (columns + 1) / 2 multiplications for each output position.
  void Add(Span<const float> inputs, const Shape& shape);

  const std::vector<quant::product::Matrix>& positions() const { return positions_; }
  // The sum of all: the one metric of the paper.
  quant::product::Matrix Pooled() const;

 private:
  struct Tap;
  void AddProducts(const float* image, const Shape& shape);

  Node node_;
  Shape weight_;  // [rows, channels, height, width]
  int block_;
  int64_t groups_;
  std::vector<quant::product::Matrix> positions_;
};

}  // namespace lowbit::compress

#endif  // LOWBIT_COMPRESS_PRODUCT_INPUT_STATISTICS_H_
