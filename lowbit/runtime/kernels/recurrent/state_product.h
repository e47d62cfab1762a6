#ifndef LOWBIT_RUNTIME_KERNELS_RECURRENT_STATE_PRODUCT_H_
#define LOWBIT_RUNTIME_KERNELS_RECURRENT_STATE_PRODUCT_H_

// Products of states with R, by the kernels of convolutions: a state is a pixel.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "lowbit/core/graph.h"

namespace lowbit::runtime {

// How the units of a cell are cut into blocks, so that a thread computes all gates of a block and needs no other's. The
// sums of a state lie block by block, in each gate by gate:
//
//   sums[(unit / block * gates + gate) * block + unit % block]
//
// Whole vectors are computed: the last block is filled up.
struct UnitBlocks {
  int64_t units = 1, block = 1;

  int64_t Count() const { return (units + block - 1) / block; }
  int64_t PaddedUnits() const { return Count() * block; }
};

// Some states, and some blocks of units.
struct StateTask {
  const float* floats = nullptr;   // States, PaddedUnits() from each other; or
  const uint8_t* bytes = nullptr;  // the same on their grid, BytePitch() from each other.
  int64_t first_state = 0, states = 0;
  int64_t first_block = 0, blocks = 0;
  float* sums = nullptr;     // Of state 0; those of the next are gates * PaddedUnits() further.
  float* scratch = nullptr;  // ScratchFloats(), 64-byte aligned.
};

// Rows of R of some gates, for one direction.
struct StateWeights {
  const Parameter* r = nullptr;  // [directions, gates * units, units], floats or low-bit.
  int64_t first_row = 0;         // Of all directions: where the first gate's rows begin.
  int64_t gates = 1;             // So many follow each other.
  std::vector<float> scale;      // Of the sums of each row: gates * units,
  std::vector<float> bias;       // and what is added then.
};

// sums = scale * (R times state) + bias, the product in floats (within the bound of kernels/conv/reference.h), or in
// integers, exact, with one rounding for each conversion, multiplication and addition. The bits do not depend on how states
// and blocks are split.
class StateProduct {
 public:
  virtual ~StateProduct() = default;
  virtual void Run(const StateTask& task) const = 0;
  virtual int64_t ScratchFloats() const = 0;
  // 0: it reads floats.
  virtual int64_t BytePitch() const { return 0; }

  const std::string& WeightValues() const { return values_; }
  int64_t Target() const { return target_; }  // Highway's bit.

 protected:
  std::string values_;
  int64_t target_ = 0;
};

// The units of a block, for products of either kind and vectors of that many lanes.
int64_t ChooseBlock(int lanes);

// Weights of any kind. Of a low-bit tensor the values count, without its scales.
std::unique_ptr<StateProduct> MakeFloatProduct(const StateWeights& weights, const UnitBlocks& blocks);

// Whether the weights are integers with scale 1 whose sums of products with integers of `magnitude` fit into int32, and vectors
// of a codebook stay within rows.
bool CanMakeByteProduct(const Parameter& r, int64_t magnitude);

// States are bytes, integers + `offset`. REQUIRES: CanMakeByteProduct(*weights.r, offset)
std::unique_ptr<StateProduct> MakeByteProduct(const StateWeights& weights, const UnitBlocks& blocks, int32_t offset);

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_KERNELS_RECURRENT_STATE_PRODUCT_H_
