#include "lowbit/quant/product/reassign.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "lowbit/base/check.h"

namespace lowbit::quant::product {
namespace {

// The codewords as columns, for loops over all of them.
class Distances {
 public:
  Distances(Span<const float> codebook, size_t dimension)
      : d_(dimension), k_(codebook.size() / dimension), columns_(codebook.size()), squares_(k_) {
    for (size_t k = 0; k < k_; ++k) {
      for (size_t j = 0; j < d_; ++j) columns_[j * k_ + k] = static_cast<double>(codebook[k * d_ + j]);
    }
  }

  // To all codewords, squared; good until the next call.
  const std::vector<double>& Of(const float* block) {
    std::fill(squares_.begin(), squares_.end(), 0.0);
    for (size_t j = 0; j < d_; ++j) {
      const auto value = static_cast<double>(block[j]);
      const double* column = columns_.data() + j * k_;
      for (size_t k = 0; k < k_; ++k) squares_[k] += (value - column[k]) * (value - column[k]);
    }
    return squares_;
  }

 private:
  size_t d_, k_;
  std::vector<double> columns_, squares_;
};

struct Move {
  size_t block;
  int64_t to;
  double gain;
};

std::vector<Move> Wanted(Span<const float> blocks, Span<const float> codebook, size_t dimension,
                         Span<const int64_t> codes) {
  std::vector<Move> moves;
  Distances distances(codebook, dimension);
  for (size_t p = 0; p < codes.size(); ++p) {
    const std::vector<double>& squares = distances.Of(blocks.data() + p * dimension);
    const auto nearest = std::min_element(squares.begin(), squares.end());
    const double gain = squares[static_cast<size_t>(codes[p])] - *nearest;
    if (gain > 0) moves.push_back({p, nearest - squares.begin(), gain});
  }
  std::stable_sort(moves.begin(), moves.end(), [](const Move& a, const Move& b) { return a.gain > b.gain; });
  return moves;
}

}  // namespace

int64_t Reassign(Span<const float> blocks, Span<const float> codebook, int dimension, double share,
                 Span<int64_t> codes) {
  LOWBIT_CHECK(dimension >= 1 && share > 0 && share <= 1);
  const auto d = static_cast<size_t>(dimension);
  LOWBIT_CHECK(blocks.size() == codes.size() * d && codebook.size() % d == 0);
  std::vector<int64_t> members(codebook.size() / d, 0);
  for (const int64_t code : codes) ++members[static_cast<size_t>(code)];
  const auto most = std::max<int64_t>(1, static_cast<int64_t>(std::floor(share * static_cast<double>(codes.size()))));
  int64_t moved = 0;
  for (const Move& move : Wanted(blocks, codebook, d, codes)) {
    if (moved == most) break;
    int64_t& from = members[static_cast<size_t>(codes[move.block])];
    if (from == 1) continue;
    --from;
    ++members[static_cast<size_t>(move.to)];
    codes[move.block] = move.to;
    ++moved;
  }
  return moved;
}

}  // namespace lowbit::quant::product
