// Depthwise Conv of bytes with integer weights that are known at load.

#include <algorithm>

#include "lowbit/runtime/byte_step.h"
#include "lowbit/runtime/kernels/depthwise_u8/kernel.h"
#include "lowbit/runtime/product.h"
#include "lowbit/runtime/quad_dots.h"

namespace lowbit::runtime::kernels::depthwise_u8 {
namespace {

class ByteDepthwiseStep : public ByteStep {
 public:
  ByteDepthwiseStep(const ByteProduct& read, const Lowering& lowering)
      : ByteStep(read.fusion, lowering),
        kernel_(ChooseByteDepthwiseKernel()),
        layer_(read.product.shape, read.product.groups[0], read.input.offset, kernel_),
        images_(read.product.images) {
    kernel = "depthwise_u8_" + std::get<QTensor>(read.product.groups[0].parameter->value).values.Name();
    if (layer_.split) kernel += "_i16";
    target = NameWithDots(kernel_.target);
    scratch_floats = layer_.ScratchFloats();
    layer_.finish = finish();
  }

  void Run(const RunContext& context) const override {
    const int64_t rows = images_ * context.batch * layer_.shape.out_height;
    const int64_t task_rows = rows / (4 * context.pool->threads()) + 1;
    context.pool->ParallelFor((rows + task_rows - 1) / task_rows, [&](int64_t i, int thread) {
      ByteDepthwiseTask task;
      task.input = context.Bytes(inputs[0]);
      task.output = Output(context);
      task.first_row = i * task_rows;
      task.rows = std::min(task_rows, rows - task.first_row);
      task.scratch = context.Scratch(thread);
      kernel_.run(layer_, task);
    });
  }

 private:
  const ByteDepthwiseKernel& kernel_;
  ByteDepthwise layer_;
  int64_t images_;
};

}  // namespace

std::unique_ptr<Step> Lower(size_t index, Lowering* lowering) {
  const std::optional<ByteProduct> read = ReadByteProduct(index, *lowering, ByteKind::kDepthwise);
  return read.has_value() ? std::make_unique<ByteDepthwiseStep>(*read, *lowering) : nullptr;
}

}  // namespace lowbit::runtime::kernels::depthwise_u8
