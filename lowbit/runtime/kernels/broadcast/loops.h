#ifndef LOWBIT_RUNTIME_KERNELS_BROADCAST_LOOPS_H_
#define LOWBIT_RUNTIME_KERNELS_BROADCAST_LOOPS_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "lowbit/core/shape.h"

namespace lowbit::runtime {

// The loops over the elements of an output, in the order in which they are stored, and where operands that are repeated to fill it have
// theirs: rows, which are the innermost loop, and what counts them. Loops that are one for all operands are one here.
struct BroadcastLoops {
  // `operands`: shapes that broadcast to `output`, each value stored as the runtime does.
  BroadcastLoops(const Shape& output, const std::vector<Shape>& operands);

  int64_t row = 1;                            // Elements of a row.
  std::vector<int64_t> row_steps;             // Of each operand along it: 0, 1 or more.
  Shape extents;                              // Of the outer loops, outermost first.
  std::vector<std::vector<int64_t>> strides;  // Of each operand, for each of these.

  int64_t Rows() const { return Elements(extents); }

  // Calls visit(row number, offsets of the operands' first elements) for rows [first, end).
  template <typename Visit>
  void ForRows(int64_t first, int64_t end, const Visit& visit) const {
    std::vector<int64_t> at(extents.size(), 0), offsets(strides.size(), 0);
    int64_t rest = first;
    for (size_t d = extents.size(); d-- > 0; rest /= extents[d]) {
      at[d] = rest % extents[d];
      for (size_t k = 0; k < offsets.size(); ++k) offsets[k] += at[d] * strides[k][d];
    }
    for (int64_t i = first; i < end; ++i) {
      visit(i, offsets);
      Advance(&at, &offsets);
    }
  }

 private:
  void Advance(std::vector<int64_t>* at, std::vector<int64_t>* offsets) const {
    for (size_t d = extents.size(); d-- > 0;) {
      const bool carries = ++(*at)[d] == extents[d];
      for (size_t k = 0; k < offsets->size(); ++k) (*offsets)[k] += strides[k][d] * (carries ? 1 - extents[d] : 1);
      if (!carries) return;
      (*at)[d] = 0;
    }
  }
};

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_KERNELS_BROADCAST_LOOPS_H_
