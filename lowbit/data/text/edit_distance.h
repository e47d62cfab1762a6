#ifndef LOWBIT_DATA_TEXT_EDIT_DISTANCE_H_
#define LOWBIT_DATA_TEXT_EDIT_DISTANCE_H_

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

namespace lowbit::data {

// How many insertions, deletions and replacements of single elements make `b` of `a` at least (Levenshtein 1966).
// Cost: a.size() * b.size() steps, memory for b.
template <typename T>
int64_t EditDistance(const std::vector<T>& a, const std::vector<T>& b) {
  std::vector<int64_t> row(b.size() + 1);  // Distances from the part of `a` seen so far to the first parts of `b`.
  std::iota(row.begin(), row.end(), int64_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    int64_t diagonal = row[0]++;
    for (size_t j = 0; j < b.size(); ++j) {
      const int64_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace lowbit::data

#endif  // LOWBIT_DATA_TEXT_EDIT_DISTANCE_H_
