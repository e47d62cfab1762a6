// Conv and Gemm of activations and weights of at most two bits each.

#include "hwy/targets.h"
#include "lowbit/runtime/byte_product_step.h"
#include "lowbit/runtime/kernels/conv_u2/kernel.h"

namespace lowbit::runtime::kernels::conv_u2 {
namespace {

class CodeConvStep : public ByteProductStep {
 public:
  CodeConvStep(const ByteProduct& read, const Lowering& lowering)
      : ByteProductStep(read, lowering),
        kernel_(ChooseCodeConvKernel()),
        conv_(read.product.shape, read.product.groups, read.input, kernel_) {
    kernel = read.operation + "_u" + std::to_string(conv_.tables.activation_bits()) + "_" + conv_.values;
    target = hwy::TargetName(kernel_.target);
    conv_.finish = finish();
    SetGrain({conv_.pixels, conv_.Panels(), conv_.staged_width * conv_.tables.GroupsOfPixel() * 2});
    scratch_floats = conv_.ScratchFloats(MostUnits());
  }

 private:
  void RunTask(const ByteTask& task) const override { kernel_.run(conv_, task); }

  const CodeConvKernel& kernel_;
  CodeConv conv_;
};

}  // namespace

std::unique_ptr<Step> Lower(size_t index, Lowering* lowering) {
  const std::optional<ByteProduct> read = ReadByteProduct(index, *lowering, ByteKind::kFewValues);
  return read.has_value() ? std::make_unique<CodeConvStep>(*read, *lowering) : nullptr;
}

}  // namespace lowbit::runtime::kernels::conv_u2
