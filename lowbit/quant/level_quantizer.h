#ifndef LOWBIT_QUANT_LEVEL_QUANTIZER_H_
#define LOWBIT_QUANT_LEVEL_QUANTIZER_H_

// What most quantizers are: a set of values, and a rule for the scale. Each weight becomes the value nearest to it.

#include <utility>

#include "lowbit/quant/levels.h"
#include "lowbit/quant/quantizer.h"
#include "lowbit/quant/row_quantizer.h"
#include "lowbit/quant/scale_rule.h"

namespace lowbit::quant {

enum class Scope { kLayer, kRow };

struct LevelScheme {
  Levels levels;
  ScaleRule rule;
  Scope scope = Scope::kLayer;  // What has a scale of its own.
};

// Key `scope` = layer | row.
Scope ReadScope(ConfigReader* reader, Scope otherwise);

// q = s * level nearest to w / s, s = ScaleOf(rule, the layer or the row) as a float, w / s in double; all q are 0 where s is 0.
class LevelQuantizer : public Quantizer {
 public:
  explicit LevelQuantizer(LevelScheme scheme) : scheme_(std::move(scheme)) {}
  QTensor Quantize(Span<const float> weights, const Shape& shape) const override;
  // Where the scale follows from the largest weight; moments change when weights are rounded.
  bool IsProjection() const override;
  const LevelScheme& scheme() const { return scheme_; }

 private:
  LevelScheme scheme_;
};

// The same, row by row.
class LevelRows : public RowQuantizer {
 public:
  explicit LevelRows(LevelScheme scheme);
  ValueSet Values() const override { return scheme_.levels.values(); }
  bool OneScale() const override { return scheme_.scope == Scope::kLayer; }
  // The layer's scale; 0 for a scale of each row.
  double LayerStatistic(Span<const float> weights) const override;
  float QuantizeRow(Span<const float> row, double layer_statistic, float* levels) const override;
  // Null for a scale that is a quantile or searched for.
  const RowFormula* Formula() const override;
  const LevelScheme& scheme() const { return scheme_; }

 private:
  LevelScheme scheme_;
  RowFormula formula_;
};

}  // namespace lowbit::quant

#endif  // LOWBIT_QUANT_LEVEL_QUANTIZER_H_
