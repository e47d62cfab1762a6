#include <torch/types.h>

#include "lowbit/quant/methods/bwn/rows.h"
#include "lowbit/train/method.h"

// Binary weights with one scale a row (quant/methods/bwn is the specification), in tensor operations.

namespace lowbit::train::methods::bwn {
namespace {

class Bwn : public TensorQuantizer {
 public:
  QuantizedRows Quantize(const at::Tensor& rows) const override {
    const at::Tensor ones = at::ones({}, rows.options());
    return {at::where(rows >= 0, ones, -ones), rows.abs().mean(1, /*keepdim=*/false, at::kDouble).to(at::kFloat),
            ValueSet::Binary()};
  }
  const quant::RowQuantizer* ByRows() const override { return &by_rows_; }

 private:
  quant::methods::bwn::BwnRows by_rows_;
};

}  // namespace

Result<Method> Create(const Config& options) {
  ConfigReader reader(options, "quantize.bwn");
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  return StraightThroughMethod(std::make_shared<Bwn>());
}

}  // namespace lowbit::train::methods::bwn
