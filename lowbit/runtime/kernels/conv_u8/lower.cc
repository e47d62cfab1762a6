// Conv and Gemm of bytes with integer weights that are known at load.

#include "lowbit/runtime/byte_product_step.h"
#include "lowbit/runtime/kernels/conv_u8/kernel.h"
#include "lowbit/runtime/quad_dots.h"

namespace lowbit::runtime::kernels::conv_u8 {
namespace {

class ByteConvStep : public ByteProductStep {
 public:
  ByteConvStep(const ByteProduct& read, const Lowering& lowering)
      : ByteProductStep(read, lowering),
        kernel_(ChooseByteConvKernel()),
        conv_(read.product.shape, read.product.groups, read.input.offset, kernel_) {
    target = NameWithDots(kernel_.target);
    conv_.finish = finish();
    SetGrain({conv_.in_place, conv_.weights[0].Panels(), conv_.staged_width * conv_.channels});
    scratch_floats = conv_.ScratchFloats(MostUnits());
  }

  // "ternary", "table17_i16".
  std::string WeightValues() const { return conv_.weights[0].values + (conv_.weights[0].split ? "_i16" : ""); }

 private:
  void RunTask(const ByteTask& task) const override { kernel_.run(conv_, task); }

  const ByteConvKernel& kernel_;
  ByteConv conv_;
};

}  // namespace

std::unique_ptr<Step> Lower(size_t index, Lowering* lowering) {
  const std::optional<ByteProduct> read = ReadByteProduct(index, *lowering, ByteKind::kAny);
  if (!read.has_value()) return nullptr;
  auto step = std::make_unique<ByteConvStep>(*read, *lowering);
  step->kernel = read->operation + "_u8_" + step->WeightValues();
  return step;
}

}  // namespace lowbit::runtime::kernels::conv_u8
