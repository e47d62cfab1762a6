#ifndef LOWBIT_RUNTIME_KERNELS_RECURRENT_GATES_H_
#define LOWBIT_RUNTIME_KERNELS_RECURRENT_GATES_H_

// What a recurrent cell does with its sums: everything but the products. Element by element, in float32, each operation
// rounded on its own, with the functions of core/gate_functions.h: the bits are those of core/recurrent_cell.h over floats.

#include <cstdint>

#include "lowbit/core/recurrence.h"

namespace lowbit::runtime {

// What stands between two products with the state.
enum class CellPhase : uint8_t {
  kRnn,           // h' = f(x + s)
  kGru,           // z, r, n, with linear_before_reset: h'
  kGruReset,      // z and r: keeps z and r h, which R's candidate is multiplied with
  kGruCandidate,  // n: h'
  kLstm,          // i, o, f, n: h' and c'
};

inline constexpr int kMostGates = 4;

struct GateSettings {
  CellPhase phase = CellPhase::kRnn;
  GateFunction functions[3] = {};
  float clip = 0;  // What a function takes is limited to +-clip; infinity: it is not.
};

// Some units of one sequence; all arrays have `count` numbers, and may be read and written to the end of a vector.
struct GateTask {
  int64_t count = 0;
  const float* x[kMostGates] = {};  // What the input adds to each gate of the phase,
  const float* s[kMostGates] = {};  // and what the state does.
  const float* peepholes[3] = {};   // Or nulls.
  const float* h = nullptr;
  float* next_h = nullptr;
  float* c = nullptr;      // kLstm: c, then c'.
  float* z = nullptr;      // kGruReset writes them,
  float* gated = nullptr;  // kGruCandidate reads z.
};

// One instruction set's implementation.
struct GateKernel {
  int64_t target = 0;  // Highway's bit.
  int lanes = 0;       // Floats in a vector.
  void (*run)(const GateSettings& settings, const GateTask& task) = nullptr;
  // Bytes of the numbers on the grid of a state: round(min(max(x * inverse, -most), most)) + most, a NaN like -infinity.
  void (*quantize)(float inverse, int32_t most, int64_t count, const float* x, uint8_t* y) = nullptr;
};

// The best implementation that this processor supports.
const GateKernel& ChooseGateKernel();

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_KERNELS_RECURRENT_GATES_H_
