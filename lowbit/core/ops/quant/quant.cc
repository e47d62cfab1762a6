#include "lowbit/core/ops_common/elementwise.h"
#include "lowbit/core/uniform_grid.h"

// QONNX's Quant: activations on a uniform grid, values (not codes) out. One scale for the tensor; scale, zero point and
// bit width are parameters. (QONNX takes tensors that broadcast, and computed ones.)

namespace lowbit::ops::quant {
namespace {

Result<double> Scalar(const std::vector<InputView>& inputs, size_t i, const char* what) {
  if (inputs[i].floats == nullptr) return Invalid(std::string(what) + " must be a float parameter");
  if (inputs[i].floats->data.size() == 1) return static_cast<double>(inputs[i].floats->data[0]);
  return Invalid(std::string(what) + " must be one value; it has shape " + ToString(inputs[i].shape));
}

Result<std::vector<Shape>> Infer(const Node& node, const std::vector<InputView>& inputs) {
  if (const std::string mode = StringAttribute(node, "rounding_mode", "ROUND"); mode != "ROUND") {
    return Invalid("'rounding_mode' must be ROUND (halves to even); it is " + mode);
  }
  LOWBIT_TRY(const double scale, Scalar(inputs, 1, "scale"));
  LOWBIT_TRY(const double zero_point, Scalar(inputs, 2, "zero point"));
  LOWBIT_TRY(const double bits, Scalar(inputs, 3, "bit width"));
  LOWBIT_TRY(const UniformGrid grid, MakeUniformGrid(node, scale, zero_point, bits));
  static_cast<void>(grid);
  return std::vector<Shape>{inputs[0].shape};
}

std::vector<DoubleTensor> Evaluate(const Node& node, const std::vector<const DoubleTensor*>& inputs) {
  const UniformGrid grid = MakeUniformGrid(node, inputs[1]->data[0], inputs[2]->data[0], inputs[3]->data[0]).value();
  return Map(*inputs[0], [&](double x) { return grid.scale * (grid.Nearest(x) - grid.zero_point); });
}

}  // namespace

std::vector<Operator> Define() {
  return {{
      .name = "Quant",
      .min_inputs = 4,
      .max_inputs = 4,
      .attributes = {{"signed", AttributeType::kInt},
                     {"narrow", AttributeType::kInt},
                     {"rounding_mode", AttributeType::kString}},
      .infer = Infer,
      .evaluate = Evaluate,
  }};
}

}  // namespace lowbit::ops::quant
