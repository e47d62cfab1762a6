#ifndef LOWBIT_TRAIN_STEP_H_
#define LOWBIT_TRAIN_STEP_H_

#include <cstdint>

namespace lowbit::train {

enum class Mode {
  kTrain,  // Batch statistics, dropout, hybrid weights; records gradients where the caller does.
  kEval,   // Running statistics, no dropout, fully quantized weights.
  // The weights of kEval and no dropout; batch statistics, which also enter the running ones: see batches_estimated.
  kEstimate,
  // The same, but each batch enters the running statistics with its usual weight: beside training steps, for statistics
  // of the fully quantized weights while training goes on with others.
  kFollow,
};

// Where training stands: all that a step may depend on besides the state that a checkpoint holds. The training loop
// fills it; nothing in it is a random state, so a resumed run recomputes it from the iteration number.
struct StepContext {
  uint64_t seed = 0;
  int64_t iteration = 0;  // Steps since the start of the run, over all stages.
  int64_t stage = 0;
  double ratio = 1;     // SQ: share of each layer's units that are quantized, in [0, 1].
  double progress = 0;  // Of the run, in [0, 1].
  // Of the run: this step's epoch, counted from 0 over all stages, and how many there are, the last perhaps cut short.
  int64_t epoch = 0, epochs = 1;
  // Place of the first image here in the step's whole batch, which several processes may share out.
  int64_t first_image = 0;
  // Mode::kEval: use the hybrid weights of this iteration and ratio. Otherwise every unit is quantized.
  bool evaluate_hybrid = false;
  // Mode::kEstimate: of how many batches the running statistics are the mean. This one becomes part of it, with the same
  // weight as each of those; at 0 whatever was there before is forgotten.
  int64_t batches_estimated = 0;
};

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_STEP_H_
