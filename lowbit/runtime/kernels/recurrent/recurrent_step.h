#ifndef LOWBIT_RUNTIME_KERNELS_RECURRENT_RECURRENT_STEP_H_
#define LOWBIT_RUNTIME_KERNELS_RECURRENT_RECURRENT_STEP_H_

#include <memory>
#include <string>
#include <vector>

#include "lowbit/core/recurrence.h"
#include "lowbit/runtime/kernels/recurrent/gates.h"
#include "lowbit/runtime/kernels/recurrent/state_product.h"
#include "lowbit/runtime/kernels/recurrent/workspace.h"
#include "lowbit/runtime/step.h"

namespace lowbit::runtime {

// An operand that may be left out, known at load, or a value: input number `value` of the step.
struct RecurrentOperand {
  std::vector<float> constant;
  int value = -1;

  const float* In(const RunContext& context, const std::vector<int>& inputs) const {
    if (value >= 0) return context.Value(inputs[static_cast<size_t>(value)]);
    return constant.empty() ? nullptr : constant.data();
  }
};

// What a node Recurrence is made of. R, scales, biases and peepholes are known at load.
struct RecurrentNode {
  Recurrence recurrence;
  const Parameter* r = nullptr;  // As StateWeights has it.
  std::vector<float> scale;      // Of the sums of each row of R, of all directions,
  std::vector<float> bias;       // and what is added then.
  std::vector<float> peepholes;  // [directions, 3 * hidden], or empty.
  bool in_integers = false;      // The state is quantized, R's values are integers.
  RecurrentOperand gates, lengths, initial_h, initial_c;
  int y = -1, y_h = -1, y_c = -1;  // Positions among the step's outputs; -1: left out.
};

// A recurrent layer, behind its product with W. Sequences go through it together, some at a time; in each step threads share
// the directions, blocks of units and sequences, and wait for each other. What a unit's numbers are depends on neither.
class RecurrentStep : public Step {
 public:
  // REQUIRES: CanMakeByteProduct(*node.r, HiddenSteps()), if node.in_integers
  explicit RecurrentStep(RecurrentNode node);

  void Run(const RunContext& context) const override;

 private:
  // A product with the state and what follows it.
  struct Phase {
    GateSettings settings;
    int64_t first_gate = 0, gates = 1;
    std::unique_ptr<StateProduct> product;
  };
  struct Direction {
    std::vector<Phase> phases;
    std::vector<float> peepholes;  // 3 rows of padded units, or empty.
  };
  static constexpr int64_t kMostSequences = 24;
  // Sequences that go through together.
  struct Piece {
    int64_t first = 0, count = 0;
    int64_t lengths[kMostSequences] = {};
    int64_t longest = 0;
    DirectionMemory memory[2];
  };
  // A part of a step's work.
  struct Part {
    int64_t direction, first_sequence, sequences, first_block, blocks;
  };
  // How a step's work is cut.
  struct Cut {
    int64_t sequences, blocks;  // Of a part.
  };

  void AddDirection(int64_t direction);
  void AddPhase(int64_t direction, CellPhase phase, int64_t first_gate, int64_t gates);
  Cut CutStep(int64_t sequences, int64_t threads) const;
  void RunPiece(const RunContext& context, Piece* piece) const;
  void Begin(const RunContext& context, Piece* piece) const;
  void End(const RunContext& context, const Piece& piece) const;
  void RunPhase(const RunContext& context, const Piece& piece, int64_t step, size_t phase) const;
  void RunPart(const RunContext& context, const Piece& piece, int64_t step, size_t phase, const Part& part,
               float* scratch) const;
  void RunUnits(const RunContext& context, const Piece& piece, int64_t step, const Phase& phase, int64_t direction,
                int64_t sequence, int64_t block, float* scratch) const;
  void KeepUnits(const DirectionMemory& memory, int64_t step, int64_t sequence, int64_t block) const;
  void Quantize(const float* units, int64_t sequence, int64_t first, int64_t count, uint8_t* bytes) const;
  void StoreY(const RunContext& context, int64_t t, int64_t direction, int64_t n, int64_t first_unit, int64_t count,
              const float* h) const;
  void ClearEnds(const RunContext& context, const Piece& piece) const;
  int64_t PrivateFloats() const;

  RecurrentNode node_;
  const Recurrence& r_;  // The node's.
  const GateKernel& kernel_;
  UnitBlocks blocks_;
  std::vector<Direction> directions_;
  Workspace workspace_;
};

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_KERNELS_RECURRENT_RECURRENT_STEP_H_
