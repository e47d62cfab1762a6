#include "lowbit/quant/methods/twn/twn.h"

#include <cmath>

#include "lowbit/quant/sums.h"

namespace lowbit::quant::methods::twn {
namespace {

double MeanOf(Span<const float> weights) {
  double sum = 0;
  for (const float w : weights) sum += w;
  return sum / static_cast<double>(weights.size());
}

double MeanDistance(Span<const float> weights, double center) {
  double sum = 0;
  for (const float w : weights) sum += std::fabs(w - center);
  return sum / static_cast<double>(weights.size());
}

// Appends the codes of a row and returns its scale.
float QuantizeRow(Span<const float> weights, double threshold, std::vector<uint8_t>* codes) {
  double sum = 0;
  int64_t count = 0;
  for (const float w : weights) {
    const double magnitude = std::fabs(static_cast<double>(w));
    const bool kept = magnitude > threshold;
    if (kept) sum += magnitude, ++count;
    codes->push_back(!kept ? 1 : w > 0 ? 2 : 0);
  }
  return count == 0 ? 0.0f : static_cast<float>(sum / static_cast<double>(count));
}

}  // namespace

std::vector<double> Twn::Thresholds(Span<const float> weights, int64_t rows) const {
  std::vector<double> thresholds(static_cast<size_t>(rows));
  const int64_t columns = static_cast<int64_t>(weights.size()) / rows;
  const double center = options_.delta_scope == DeltaScope::kLayerCentered ? MeanOf(weights) : 0.0;
  const double layer = MeanDistance(weights, center);
  for (int64_t row = 0; row < rows; ++row) {
    const double mean =
        options_.delta_scope == DeltaScope::kRow ? MeanDistance(Row(weights, row, columns), 0.0) : layer;
    thresholds[static_cast<size_t>(row)] = options_.delta_factor * mean;
  }
  return thresholds;
}

QTensor Twn::Quantize(Span<const float> weights, const Shape& shape) const {
  QTensor result;
  result.shape = shape;
  result.values = ValueSet::Ternary();
  const std::vector<double> thresholds = Thresholds(weights, result.Rows());
  for (int64_t row = 0; row < result.Rows(); ++row) {
    const Span<const float> values = Row(weights, row, result.Columns());
    result.scales.push_back(QuantizeRow(values, thresholds[static_cast<size_t>(row)], &result.codes));
  }
  return result;
}

Result<Options> ReadOptions(const Config& config) {
  ConfigReader reader(config, "quantize.twn");
  Options options;
  const std::string scope = reader.String("delta_scope", "row", {"row", "layer", "layer_centered"});
  if (scope == "layer") options.delta_scope = DeltaScope::kLayer;
  if (scope == "layer_centered") options.delta_scope = DeltaScope::kLayerCentered;
  options.delta_factor = reader.Float("delta_factor", options.delta_factor, 0, 10);
  LOWBIT_RETURN_IF_ERROR(reader.Finish());
  return options;
}

Result<std::unique_ptr<Quantizer>> Create(const Config& options) {
  LOWBIT_TRY(const Options read, ReadOptions(options));
  return std::unique_ptr<Quantizer>(std::make_unique<Twn>(read));
}

}  // namespace lowbit::quant::methods::twn
