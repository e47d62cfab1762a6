#include "lowbit/quant/methods/bwn/bwn.h"

#include "lowbit/quant/sums.h"

namespace lowbit::quant::methods::bwn {

QTensor Bwn::Quantize(Span<const float> weights, const Shape& shape) const {
  QTensor result;
  result.shape = shape;
  result.values = ValueSet::Binary();
  const int64_t columns = result.Columns();
  for (int64_t row = 0; row < result.Rows(); ++row) {
    const Span<const float> values = Row(weights, row, columns);
    result.scales.push_back(static_cast<float>(AbsSum(values) / static_cast<double>(columns)));
    for (const float w : values) result.codes.push_back(w >= 0 ? 1 : 0);
  }
  return result;
}

Result<std::unique_ptr<Quantizer>> Create(const Config& options) {
  const ConfigReader reader(options, "quantize.bwn");
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  return std::unique_ptr<Quantizer>(std::make_unique<Bwn>());
}

}  // namespace lowbit::quant::methods::bwn
