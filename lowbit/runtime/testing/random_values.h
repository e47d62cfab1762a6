#ifndef LOWBIT_RUNTIME_TESTING_RANDOM_VALUES_H_
#define LOWBIT_RUNTIME_TESTING_RANDOM_VALUES_H_

// For tests: random numbers, tensors and weights of every kind. The same on every machine.

#include <string>
#include <utility>
#include <vector>

#include "lowbit/base/random.h"
#include "lowbit/core/graph.h"

namespace lowbit::runtime::testing {

class RandomSource {
 public:
  explicit RandomSource(uint64_t seed) : random_(seed, StreamOf("runtime test")) {}

  // Uniform in [low, high].
  int64_t Int(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random_.Below(next_++, static_cast<uint64_t>(high - low + 1)));
  }
  bool Coin() { return Int(0, 1) == 1; }
  float Float(double low, double high) { return static_cast<float>(low + (high - low) * random_.Uniform(next_++)); }

  std::vector<float> Floats(int64_t count, double low, double high) {
    std::vector<float> values;
    for (int64_t i = 0; i < count; ++i) values.push_back(Float(low, high));
    return values;
  }

  FloatTensor Tensor(const Shape& shape, double low, double high) {
    return FloatTensor(shape, Floats(Elements(shape), low, high));
  }

 private:
  CounterRandom random_;
  uint64_t next_ = 0;
};

// One value set of each storage that the kernels know. A codebook's vectors have `block` weights.
inline std::vector<ValueSet> AllValueSets(int block) {
  RandomSource random(7);
  std::vector<ValueSet> sets = {ValueSet::Binary(),      ValueSet::Ternary(),     ValueSet::Affine(1, 1),
                                ValueSet::Affine(2, 1),  ValueSet::Affine(3, 4),  ValueSet::Affine(4, 8),
                                ValueSet::Affine(6, 30), ValueSet::Affine(8, 128)};
  for (const int entries : {1, 2, 3, 7, 16, 17, 256}) sets.push_back(ValueSet::Table(random.Floats(entries, -1, 1)));
  for (const int entries : {1, 9, 256}) {
    sets.push_back(ValueSet::Codebook(random.Floats(entries * block, -1, 1), block));
  }
  sets.push_back(ValueSet::ByteCodebook(random.Floats(20 * block, -1, 1), block));
  sets.push_back(ValueSet::HalfCodebook(random.Floats(1000 * block, -1, 1), block));  // Codes of 10 bits.
  return sets;
}

// Random codes. REQUIRES: the block divides the columns.
inline QTensor RandomCodes(const Shape& shape, const ValueSet& values, bool row_scales, RandomSource* random) {
  QTensor tensor;
  tensor.shape = shape;
  tensor.values = values;
  for (int64_t i = 0; i < Elements(shape) / values.block; ++i) {
    tensor.AddCode(static_cast<int>(random->Int(0, values.Count() - 1)));
  }
  tensor.scales = random->Floats(row_scales ? shape[0] : 1, 0.05, 0.5);
  return tensor;
}

}  // namespace lowbit::runtime::testing

#endif  // LOWBIT_RUNTIME_TESTING_RANDOM_VALUES_H_
