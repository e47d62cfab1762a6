#ifndef LOWBIT_RUNTIME_BYTE_STEP_H_
#define LOWBIT_RUNTIME_BYTE_STEP_H_

#include "lowbit/runtime/byte_output.h"
#include "lowbit/runtime/step.h"

namespace lowbit::runtime {

// What steps share that multiply bytes and finish their sums: input 0 is bytes, input 1, if there, the residual.
class ByteStep : public Step {
 protected:
  // Takes over the chain that follows the product.
  ByteStep(const Fusion& fusion, const Lowering& lowering);

  const ByteFinish& finish() const { return finish_; }
  ByteOutput Output(const RunContext& context) const;

 private:
  ByteFinish finish_;
  ByteResidual residual_;  // Without its data.
  bool residual_bytes_ = false;
};

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_BYTE_STEP_H_
