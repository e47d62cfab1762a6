#include <cmath>

#include "lowbit/core/level_grid.h"
#include "lowbit/core/ops_common/elementwise.h"

// Activations on any grid of few values, lowbit's own (as a table of elastic significant bits): scale * level, chosen by thresholds.
// Inputs: x, scale (one value), thresholds, levels; all but x are parameters.

namespace lowbit::ops::level_quant {
namespace {

Result<std::vector<Shape>> Infer(const Node&, const std::vector<InputView>& inputs) {
  for (size_t i = 1; i < 4; ++i) {
    if (inputs[i].floats == nullptr) return Invalid("scale, thresholds and levels must be float parameters");
  }
  const FloatTensor& scale = *inputs[1].floats;
  if (scale.data.size() != 1) return Invalid("scale must be one value; it has shape " + ToString(scale.shape));
  if (!(scale.data[0] > 0) || !std::isfinite(scale.data[0])) return Invalid("scale must be positive and finite");
  LOWBIT_TRY(const LevelGrid grid, MakeLevelGrid(*inputs[2].floats, *inputs[3].floats));
  static_cast<void>(grid);
  return std::vector<Shape>{inputs[0].shape};
}

FloatTensor Narrow(const DoubleTensor& tensor) { return {tensor.shape, {tensor.data.begin(), tensor.data.end()}}; }

std::vector<DoubleTensor> Evaluate(const Node&, const std::vector<const DoubleTensor*>& inputs) {
  const double scale = inputs[1]->data[0];
  const LevelGrid grid = MakeLevelGrid(Narrow(*inputs[2]), Narrow(*inputs[3])).value();
  return Map(*inputs[0], [&](double x) { return scale * grid.LevelOf(x / scale); });
}

}  // namespace

std::vector<Operator> Define() {
  return {{.name = "LevelQuant", .min_inputs = 4, .max_inputs = 4, .infer = Infer, .evaluate = Evaluate}};
}

}  // namespace lowbit::ops::level_quant
