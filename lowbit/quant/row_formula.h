#ifndef LOWBIT_QUANT_ROW_FORMULA_H_
#define LOWBIT_QUANT_ROW_FORMULA_H_

// A row quantizer as plain numbers, without a pointer, for code that runs where its loops cannot: on a GPU.

#include <cstdint>

#include "lowbit/quant/scale_rule.h"

namespace lowbit::quant {

class Levels;

// quant::Levels: the number of the level nearest to x is how many of the starts x reaches.
struct LevelTable {
  int32_t half = 0;    // Half of the smallest power of two that is at least the number of levels.
  double starts[256];  // Ascending, then NaN: no number is beyond.
  float levels[256];   // Ascending; behind the last level, 0.
};

LevelTable MakeLevelTable(const Levels& levels);

struct RowFormula {
  enum class Kind {
    kNearest,  // `rule` is that of the scale; each weight becomes the level nearest to w / scale.
    kThreshold,  // `rule` is that of a threshold t; levels sign(w) where |w| > t, else 0; the scale is the mean of those |w|.
  };
  Kind kind = Kind::kNearest;
  bool whole_layer = false;  // Whether the rule is applied to all weights of the layer, not to each row.
  ScaleRule rule;            // Not a quantile or a search.
  LevelTable table = {};     // Of kNearest.
};

}  // namespace lowbit::quant

#endif  // LOWBIT_QUANT_ROW_FORMULA_H_
