#include "lowbit/quant/level_quantizer.h"

#include <cmath>
#include <limits>

#include "lowbit/quant/sums.h"

namespace lowbit::quant {
namespace {

double Scaled(float weight, float scale) { return scale == 0 ? 0.0 : static_cast<double>(weight) / scale; }

}  // namespace

Scope ReadScope(ConfigReader* reader, Scope otherwise) {
  const std::string name =
      reader->String("scope", otherwise == Scope::kLayer ? "layer" : "row", std::vector<std::string>{"layer", "row"});
  return name == "row" ? Scope::kRow : Scope::kLayer;
}

QTensor LevelQuantizer::Quantize(Span<const float> weights, const Shape& shape) const {
  QTensor result;
  result.shape = shape;
  result.values = scheme_.levels.values();
  const int64_t parts = scheme_.scope == Scope::kRow ? result.Rows() : 1;
  const int64_t length = static_cast<int64_t>(weights.size()) / parts;
  for (int64_t part = 0; part < parts; ++part) {
    const Span<const float> values = Row(weights, part, length);
    const float scale = ScaleOf(scheme_.rule, values);
    result.scales.push_back(scale);
    for (const float w : values) {
      result.codes.push_back(scheme_.levels.Code(scheme_.levels.Walk(Scaled(w, scale))));
    }
  }
  return result;
}

bool LevelQuantizer::IsProjection() const {
  using Statistic = ScaleRule::Statistic;
  const Statistic statistic = scheme_.rule.statistic;
  return statistic == Statistic::kOne || statistic == Statistic::kMaxAbs || statistic == Statistic::kPowerOfTwo;
}

LevelRows::LevelRows(LevelScheme scheme) : scheme_(std::move(scheme)) {
  formula_.whole_layer = scheme_.scope == Scope::kLayer;
  formula_.rule = scheme_.rule;
  formula_.table = MakeLevelTable(scheme_.levels);
}

const RowFormula* LevelRows::Formula() const {
  using Statistic = ScaleRule::Statistic;
  const Statistic statistic = scheme_.rule.statistic;
  return statistic == Statistic::kQuantile || statistic == Statistic::kLeastSquares ? nullptr : &formula_;
}

double LevelRows::LayerStatistic(Span<const float> weights) const {
  return scheme_.scope == Scope::kLayer ? ScaleOf(scheme_.rule, weights) : 0;
}

float LevelRows::QuantizeRow(Span<const float> row, double layer_statistic, float* levels) const {
  const float scale = scheme_.scope == Scope::kRow ? ScaleOf(scheme_.rule, row) : static_cast<float>(layer_statistic);
  bool number = true;
  for (size_t j = 0; j < row.size(); ++j) {
    levels[j] = scheme_.levels.ascending()[scheme_.levels.Nearest(Scaled(row[j], scale))];
    number = number && !std::isnan(row[j]);
  }
  return number ? scale : std::numeric_limits<float>::quiet_NaN();
}

}  // namespace lowbit::quant
