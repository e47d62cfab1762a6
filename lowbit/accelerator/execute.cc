#include "lowbit/accelerator/execute.h"

#include <algorithm>
#include <cstdlib>
#include <string>

namespace lowbit::accelerator {
namespace {

// Of the descriptor, and of the pipeline from a pixel's last step until its word can be read, without what the tree of adders and the
// search for codes take.
constexpr int64_t kDrain = 6;

// Levels of a tree of adders.
int64_t Levels(int lanes) {
  int64_t levels = 0;
  while ((int64_t{1} << levels) < lanes) ++levels;
  return levels;
}

class Machine {
 public:
  Machine(const Program& program, std::vector<uint8_t>* activations)
      : program_(program), array_(program.array), lanes_(program.array.lanes), activations_(*activations) {}

  Status Run(const Layer& layer) {
    for (int64_t group = 0; group < layer.out_groups; ++group) {
      for (int64_t y = 0; y < layer.out_height; ++y) {
        for (int64_t x = 0; x < layer.out_width; ++x) LOWBIT_RETURN_IF_ERROR(RunPixel(layer, group, y, x));
      }
    }
    return Ok();
  }

  std::vector<int32_t> sums_out;

 private:
  // The word at a kernel place; null outside the image.
  const uint8_t* Read(const Layer& layer, int64_t y, int64_t x, int64_t group) const {
    if (y < 0 || y >= layer.in_height || x < 0 || x >= layer.in_width) return nullptr;
    return activations_.data() + (layer.in_base + (y * layer.in_width + x) * layer.in_groups + group) * lanes_;
  }

  Status RunPixel(const Layer& layer, int64_t group, int64_t y, int64_t x) {
    std::vector<int64_t> sums(static_cast<size_t>(lanes_), 0);
    std::vector<int> ranks(static_cast<size_t>(lanes_), 0);
    const bool product = layer.kind == Layer::Kind::kProduct;
    int64_t step = 0;
    for (int64_t i = 0; i < layer.kernel_height; ++i) {
      for (int64_t j = 0; j < layer.kernel_width; ++j) {
        const int64_t row = y * layer.stride_y - layer.pad_top + i, column = x * layer.stride_x - layer.pad_left + j;
        for (int64_t h = 0; h < (product ? layer.in_groups : 1); ++h, ++step) {
          const uint8_t* word = Read(layer, row, column, product ? h : group);
          if (word == nullptr) continue;
          if (product) {
            Multiply(layer.weight_base + group * layer.Steps() + step, word, &sums);
          } else {
            for (size_t l = 0; l < ranks.size(); ++l) ranks[l] = std::max(ranks[l], array_.activation.Rank(word[l]));
          }
        }
      }
    }
    if (product) LOWBIT_RETURN_IF_ERROR(CheckSums(sums));
    if (layer.raw) {
      for (const int64_t sum : sums) sums_out.push_back(static_cast<int32_t>(sum));
      return Ok();
    }
    uint8_t* out =
        activations_.data() + (layer.out_base + (y * layer.out_width + x) * layer.out_groups + group) * lanes_;
    if (product) Search(layer, group, SkipWord(layer, group, y, x), sums, &ranks);
    for (size_t l = 0; l < ranks.size(); ++l) out[l] = static_cast<uint8_t>(array_.activation.Code(ranks[l]));
    return Ok();
  }

  void Multiply(int64_t weight_word, const uint8_t* word, std::vector<int64_t>* sums) const {
    const uint8_t* weights = program_.weights.data() + weight_word * lanes_ * lanes_;
    for (int64_t m = 0; m < lanes_; ++m) {
      for (int64_t l = 0; l < lanes_; ++l) {
        const int64_t weight = array_.weight.Integer(weights[m * lanes_ + l]);
        (*sums)[static_cast<size_t>(m)] += weight * array_.activation.Integer(word[l]);
      }
    }
  }

  // Null: the code 0 in all lanes.
  const uint8_t* SkipWord(const Layer& layer, int64_t group, int64_t y, int64_t x) const {
    const Layer::Skip& skip = layer.skip;
    if (!skip.used || group < skip.first_group || group >= skip.first_group + skip.groups) return nullptr;
    return activations_.data() + (skip.base + y * skip.row + x * skip.column + group - skip.first_group) * lanes_;
  }

  void Search(const Layer& layer, int64_t group, const uint8_t* skip, const std::vector<int64_t>& sums,
              std::vector<int>* ranks) const {
    const int64_t count = int64_t{1} << array_.activation.bits();
    for (int64_t m = 0; m < lanes_; ++m) {
      int64_t set = group;
      if (layer.skip.used) set = group * count + array_.activation.Rank(skip == nullptr ? 0 : skip[m]);
      const int32_t* thresholds = program_.thresholds.data() + (layer.threshold_base + set * count) * lanes_ + m;
      int rank = 0;
      for (int next = 1; next < array_.activation.count(); ++next) {
        if (sums[static_cast<size_t>(m)] >= thresholds[next * lanes_]) rank = next;
      }
      (*ranks)[static_cast<size_t>(m)] = rank;
    }
  }

  Status CheckSums(const std::vector<int64_t>& sums) const {
    for (const int64_t sum : sums) {
      if (std::abs(sum) <= array_.LargestSum()) continue;
      return Invalid("accelerator: a sum is " + std::to_string(sum) + ", beyond its " +
                     std::to_string(array_.sum_bits) + " bits");
    }
    return Ok();
  }

  const Program& program_;
  const Array& array_;
  const int64_t lanes_;
  std::vector<uint8_t>& activations_;
};

}  // namespace

int64_t CyclesAtPixel(const Array& array, const Layer& layer) {
  const int64_t steps = layer.Steps() + (layer.skip.used ? 1 : 0);
  const bool searches = layer.kind == Layer::Kind::kProduct && !layer.raw;
  return searches ? std::max<int64_t>(steps, array.activation.bits() + 1) : steps;
}

int64_t CyclesOf(const Array& array, const Layer& layer) {
  return layer.out_groups * layer.Pixels() * CyclesAtPixel(array, layer) + array.activation.bits() +
         Levels(array.lanes) + kDrain;
}

int64_t CyclesOf(const Program& program) {
  int64_t cycles = 0;
  for (const Layer& layer : program.layers) cycles += CyclesOf(program.array, layer);
  return cycles;
}

Result<std::vector<int32_t>> Execute(const Program& program, std::vector<uint8_t>* activations) {
  LOWBIT_RETURN_IF_ERROR(Check(program));
  if (static_cast<int64_t>(activations->size()) < program.activation_words * program.array.lanes) {
    return Invalid("accelerator: the activations are fewer than the program's words");
  }
  Machine machine(program, activations);
  for (const Layer& layer : program.layers) LOWBIT_RETURN_IF_ERROR(machine.Run(layer));
  return std::move(machine.sums_out);
}

}  // namespace lowbit::accelerator
