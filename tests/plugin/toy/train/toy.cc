#include <torch/types.h>

#include "lowbit/train/method.h"

// The quantizer of lowbit/quant/methods/toy in tensor operations.

namespace lowbit::train::methods::toy {
namespace {

class Toy : public TensorQuantizer {
 public:
  QuantizedRows Quantize(const at::Tensor& rows) const override {
    const at::Tensor largest = rows.abs().max();
    const at::Tensor kept = rows.abs() > 0.5 * largest;
    return {rows.sign() * kept.to(at::kFloat), (0.75 * largest).reshape({1}), ValueSet::Ternary()};
  }
};

}  // namespace

Result<Method> Create(const Config& options) {
  const ConfigReader reader(options, "quantize.toy");
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  return StraightThroughMethod(std::make_shared<Toy>());
}

}  // namespace lowbit::train::methods::toy
