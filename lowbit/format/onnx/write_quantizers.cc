#include "lowbit/format/onnx/write_quantizers.h"

#include <utility>
#include <vector>

namespace lowbit::onnx {

void WriteGridSteps(const UniformGrid& grid, const std::string& input, const std::string& output, FileBuilder* file) {
  const std::string scale = file->NewScalar(output + "/scale", grid.scale);
  std::string value = file->Apply("Div", {input, scale}, output + "/quotient");
  value = file->Apply("Round", {value}, output + "/rounded");
  const std::string zero = grid.zero_point == 0 ? "" : file->NewScalar(output + "/zero_point", grid.zero_point);
  if (!zero.empty()) value = file->Apply("Add", {value, zero}, output + "/moved");
  const std::string low = file->NewScalar(output + "/low", grid.low);
  const std::string high = file->NewScalar(output + "/high", grid.high);
  value = file->Apply("Clip", {value, low, high}, output + "/codes");
  if (!zero.empty()) value = file->Apply("Sub", {value, zero}, output + "/integers");
  file->Add("Mul", {value, scale}, output);
}

Status WriteQdq(const UniformGrid& grid, const std::string& input, const std::string& output, FileBuilder* file) {
  const ElementType type = grid.low < 0 ? ElementType::kInt8 : ElementType::kUint8;
  const IntegerRange range = RangeOf(type);
  const auto fits = [&](double value) { return value >= range.low && value <= range.high; };
  if (!fits(grid.low) || !fits(grid.high) || !fits(grid.zero_point)) return Invalid("its grid does not fit 8 bits");
  std::string value = input;
  if (grid.low != range.low || grid.high != range.high) {
    const std::string low = file->NewScalar(output + "/low", grid.scale * (grid.low - grid.zero_point));
    const std::string high = file->NewScalar(output + "/high", grid.scale * (grid.high - grid.zero_point));
    value = file->Apply("Clip", {value, low, high}, output + "/clipped");
  }
  const std::string scale = file->NewScalar(output + "/scale", grid.scale);
  const std::string zero =
      file->NewIntegers(output + "/zero_point", type, Int64Tensor({}, {static_cast<int64_t>(grid.zero_point)}));
  value = file->Apply("QuantizeLinear", {value, scale, zero}, output + "/codes");
  file->Add("DequantizeLinear", {value, scale, zero}, output);
  return Ok();
}

void WriteSigns(double scale, const std::string& input, const std::string& output, FileBuilder* file) {
  const std::string zero = file->NewScalar(output + "/zero", 0);
  const std::string positive = file->Apply("GreaterOrEqual", {input, zero}, output + "/positive");
  file->Add("Where", {positive, file->NewScalar(output + "/scale", scale), file->NewScalar(output + "/minus", -scale)},
            output);
}

}  // namespace lowbit::onnx
