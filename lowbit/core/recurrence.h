#ifndef LOWBIT_CORE_RECURRENCE_H_
#define LOWBIT_CORE_RECURRENCE_H_

// What the nodes RNN, GRU, LSTM and Recurrence say: for their shape rule, their evaluation and whoever executes them.

#include <cstdint>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"

namespace lowbit {

enum class GateFunction : uint8_t { kSigmoid, kTanh, kRelu };

struct Recurrence {
  enum class Cell : uint8_t { kRnn, kGru, kLstm };

  Cell cell = Cell::kRnn;
  int64_t gates = 1;  // Of the cell: 1, 3 or 4.
  int64_t steps = 1, batch = 1, directions = 1, hidden = 1;
  bool batch_first = false;  // In sequences and states; else steps, or directions, come first.
  bool reverse = false;
  bool linear_before_reset = false;  // GRU
  double clip = 0;                   // What a function takes is limited to +-clip; 0: it is not.
  // Of each direction, one after the other: f; f g; f g h.
  std::vector<GateFunction> functions;
  // 2..8: what products with R read of a state is on the grid hidden_scale * q, |q| <= 2^(hidden_bits - 1) - 1; 0: it is not.
  int hidden_bits = 0;
  double hidden_scale = 1;

  bool IsBackward(int64_t direction) const { return reverse || direction == 1; }
  int64_t Rows() const { return gates * hidden; }  // Of W and R.
  size_t FunctionsPerDirection() const { return functions.size() / static_cast<size_t>(directions); }
  // The largest q; 0 where the state stays as it is.
  int HiddenSteps() const { return hidden_bits == 0 ? 0 : (1 << (hidden_bits - 1)) - 1; }
  // Of Y; of Y_h, Y_c and the initial states.
  Shape SequenceShape() const;
  Shape StateShape() const;
  // Where the vector of sequence n at step t begins in a tensor of `width` numbers for each, X for example; where its state
  // does in StateShape().
  int64_t Place(int64_t t, int64_t n, int64_t width) const {
    return (batch_first ? n * steps + t : t * batch + n) * width;
  }
  int64_t StatePlace(int64_t direction, int64_t n) const {
    return (batch_first ? n * directions + direction : direction * batch + n) * hidden;
  }
};

// Of a node whose first input has the shape `sequence` [steps, batch, ...] and whose second one the shape `weights`
// [directions, gates * hidden, ...]. Errors: ranks and extents that do not fit; attributes out of range.
Result<Recurrence> ReadRecurrence(const Node& node, const Shape& sequence, const Shape& weights);

// Whether the node quantizes its state (attribute hidden_bits).
bool QuantizesState(const Node& node);

}  // namespace lowbit

#endif  // LOWBIT_CORE_RECURRENCE_H_
