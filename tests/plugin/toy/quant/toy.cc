#include "lowbit/quant/methods/toy/toy.h"

#include <algorithm>
#include <cmath>

namespace lowbit::quant::methods::toy {

QTensor Toy::Quantize(Span<const float> weights, const Shape& shape) const {
  float largest = 0;
  for (const float w : weights) largest = std::max(largest, std::abs(w));
  QTensor result;
  result.shape = shape;
  result.values = ValueSet::Ternary();
  result.scales = {0.75f * largest};
  for (const float w : weights) {
    result.codes.push_back(static_cast<uint8_t>(1 + (w > 0.5f * largest) - (w < -0.5f * largest)));
  }
  return result;
}

Result<std::unique_ptr<Quantizer>> Create(const Config& options) {
  const ConfigReader reader(options, "quantize.toy");
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  return std::unique_ptr<Quantizer>(std::make_unique<Toy>());
}

}  // namespace lowbit::quant::methods::toy
