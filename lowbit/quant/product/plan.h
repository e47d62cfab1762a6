#ifndef LOWBIT_QUANT_PRODUCT_PLAN_H_
#define LOWBIT_QUANT_PRODUCT_PLAN_H_

// Which weights of a network product quantization replaces by codes and a codebook, of which sizes, and how many bits that
// takes: the conventions of Stock et al., "And the bit goes down" (ICLR 2020).

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "lowbit/base/config.h"
#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"
#include "lowbit/quant/product/codebook_form.h"

namespace lowbit::quant::product {

// How many codewords a layer of n blocks has: the number asked for, but at most the largest power of two
enum class Clamp : uint8_t {
  kStrict,  // below n / 4, as the authors' program has it: 512 blocks have 64 codewords.
  kFloor,   // not above n / 4, as the paper states it (and PQF does): 512 blocks have 128.
};
// At least 1. REQUIRES: wanted >= 1, blocks >= 1
int ClampCentroids(int wanted, int64_t blocks, Clamp clamp);

// What one layer is to have in place of the rules; 0: what the rules say.
struct LayerRule {
  int block = 0;
  int centroids = 0;
};

struct Rules {
  // Blocks of convolutions larger than 1x1, transposed ones too, are this many whole kernels: 9 weights for one of 3x3.
  int kernels = 1;
  // Weights in a block of 1x1 convolutions and of linear layers.
  int pointwise_block = 4, linear_block = 4;
  int conv_centroids = 256, pointwise_centroids = 256, linear_centroids = 1024;
  Clamp clamp = Clamp::kStrict;
  CodebookForm codebook;
  bool first = false;                       // Whether the first layer is quantized too.
  std::vector<std::string> skip;            // Names or patterns of nodes that stay as they are.
  std::map<std::string, LayerRule> layers;  // By node.
};

// The paper's regimes: blocks of one kernel and 4 weights; of two kernels and 8 (4 in linear layers).
Rules SmallRules();
Rules LargeRules();

// Reads over them what settings say: kernels, pointwise_block, linear_block, conv_centroids, pointwise_centroids,
// linear_centroids, clamp = "strict" | "floor", codebook (ReadCodebookForm), and the tables layers.NAME with block and centroids. Wrong
// values are `reader`'s errors; those of the tables are returned.
Status ReadRules(ConfigReader* reader, Rules* rules);

// One weight that is quantized. A block is `block` consecutive weights of a row, and rows * columns / block is their number.
struct LayerPlan {
  std::string layer;               // The first node that multiplies with it.
  std::vector<std::string> nodes;  // All of them.
  std::string weight;              // The parameter.
  Shape shape;
  int block = 1;
  int centroids = 1;
  CodebookForm codebook = {};

  int64_t Blocks() const { return Elements(shape) / block; }
  int64_t Bits() const { return IndexBits() + CodebookBits(); }
  int64_t IndexBits() const;
  int64_t CodebookBits() const { return codebook.Bits(centroids, block); }
  int64_t DenseBits() const { return 32 * Elements(shape); }
};

struct NetworkPlan {
  std::vector<LayerPlan> layers;  // In the order of the graph, from input to output.
  // 32 bits for each element of the float parameters that remain, means and variances of batch normalization excepted: it is
  // counted as a scale and a shift for each channel. Integer parameters, which hold shapes, are not counted.
  int64_t other_bits = 0;
  int64_t dense_bits = 0;  // Of the network as it is, counted in the same way.

  int64_t IndexBits() const;
  int64_t CodebookBits() const;
  int64_t TotalBits() const { return IndexBits() + CodebookBits() + other_bits; }
};

// Plans the float weights of Conv, ConvTranspose and Gemm with transB = 1, whichever nodes share them. A block that does not
// divide a row is made smaller until it does (by whole kernels, or by weights).
// Errors: a node of `skip` or `layers` that does not exist or has no such weight (the message lists those that do); a block of
// `layers` that does not divide the row; nothing to quantize.
Result<NetworkPlan> PlanNetwork(const Graph& graph, const Rules& rules);

// What the rules say of one weight, whatever its place in the network: shape and `layer` count. Its block divides the row,
// unless the rules name one for the layer that does not.
LayerPlan PlanWeight(const std::string& layer, const std::string& weight, const Shape& shape, const Rules& rules);

// The plan with the smallest total that the rules' family knows: the largest blocks that divide each row, at most
// kMostKernels kernels or kMostPointwise weights, and kFewestCentroids codewords. What a budget cannot go below.
Result<NetworkPlan> SmallestPlan(const Graph& graph, const Rules& rules);

// The least compressed plan of at most `bits`: the small regime, the large one, then coarser blocks, then fewer codewords.
// Error: none fits; the sentence says the smallest possible number of bits and bytes.
Result<NetworkPlan> PlanForBudget(const Graph& graph, const Rules& rules, int64_t bits);

inline constexpr int kMostKernels = 4;
inline constexpr int kMostPointwise = 16;
inline constexpr int kFewestCentroids = 16;

}  // namespace lowbit::quant::product

#endif  // LOWBIT_QUANT_PRODUCT_PLAN_H_
