// Gemm, and Conv whose pixels are rows of one, of bytes with weights of two values.

#include "hwy/targets.h"
#include "lowbit/runtime/byte_product_step.h"
#include "lowbit/runtime/kernels/binary_u8/kernel.h"

namespace lowbit::runtime::kernels::binary_u8 {
namespace {

class BinaryProductStep : public ByteProductStep {
 public:
  BinaryProductStep(const ByteProduct& read, const Lowering& lowering)
      : ByteProductStep(read, lowering),
        kernel_(*ChooseBinaryProductKernel()),
        product_(read.product.shape, read.product.groups[0], read.input.offset) {
    kernel = read.operation + "_u8_" + product_.values + "_lookup";
    target = hwy::TargetName(kernel_.target);
    product_.finish = finish();
    SetGrain({true, product_.Panels(), 0});
    scratch_floats = product_.ScratchFloats();
  }

 private:
  void RunTask(const ByteTask& task) const override { kernel_.run(product_, task); }

  const BinaryProductKernel& kernel_;
  BinaryProduct product_;
};

}  // namespace

std::unique_ptr<Step> Lower(size_t index, Lowering* lowering) {
  const std::optional<ByteProduct> read = ReadByteProduct(index, *lowering, ByteKind::kTwoValues);
  return read.has_value() ? std::make_unique<BinaryProductStep>(*read, *lowering) : nullptr;
}

}  // namespace lowbit::runtime::kernels::binary_u8
