#ifndef LOWBIT_RUNTIME_BYTE_PRODUCT_STEP_H_
#define LOWBIT_RUNTIME_BYTE_PRODUCT_STEP_H_

#include "lowbit/runtime/byte_step.h"
#include "lowbit/runtime/byte_task.h"
#include "lowbit/runtime/product.h"
#include "lowbit/runtime/task_size.h"

namespace lowbit::runtime {

// A Conv or Gemm of bytes, cut into tasks for the threads.
class ByteProductStep : public ByteStep {
 public:
  void Run(const RunContext& context) const final;

 protected:
  // How the layer likes to be cut.
  struct Grain {
    bool pixels = false;           // Tasks count pixels, else rows.
    int64_t panels = 1;            // Of output channels of a group.
    int64_t staged_row_bytes = 0;  // What a thread copies of each input row.
  };

  ByteProductStep(const ByteProduct& read, const Lowering& lowering);

  void SetGrain(const Grain& grain);
  // Rows or pixels of the largest task.
  int64_t MostUnits() const;
  virtual void RunTask(const ByteTask& task) const = 0;

 private:
  LayerWork Work(int64_t images) const;

  ConvShape shape_;
  int64_t images_;
  Grain grain_;
};

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_BYTE_PRODUCT_STEP_H_
