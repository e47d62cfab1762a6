// Gemm and Conv of bytes with weights of two values.

#include "hwy/targets.h"
#include "lowbit/runtime/byte_product_step.h"
#include "lowbit/runtime/kernels/binary_u8/kernel.h"

namespace lowbit::runtime::kernels::binary_u8 {
namespace {

class BinaryConvStep : public ByteProductStep {
 public:
  BinaryConvStep(const ByteProduct& read, const Lowering& lowering)
      : ByteProductStep(read, lowering),
        kernel_(*ChooseBinaryConvKernel()),
        conv_(read.product.shape, read.product.groups[0], read.input.offset) {
    kernel = read.operation + "_u8_" + conv_.values + "_lookup";
    target = hwy::TargetName(kernel_.target);
    conv_.finish = finish();
    SetGrain({conv_.pixels, conv_.Panels(), 0});
    scratch_floats = conv_.ScratchFloats();
  }

 private:
  void RunTask(const ByteTask& task) const override { kernel_.run(conv_, task); }

  const BinaryConvKernel& kernel_;
  BinaryConv conv_;
};

}  // namespace

std::unique_ptr<Step> Lower(size_t index, Lowering* lowering) {
  const std::optional<ByteProduct> read = ReadByteProduct(index, *lowering, ByteKind::kTwoValues);
  return read.has_value() ? std::make_unique<BinaryConvStep>(*read, *lowering) : nullptr;
}

}  // namespace lowbit::runtime::kernels::binary_u8
