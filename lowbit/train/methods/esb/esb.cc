#include "lowbit/quant/methods/esb/esb.h"

#include <torch/types.h>

#include "lowbit/train/level_tensors.h"

// Elastic significant bits (quant/methods/esb is the specification), in tensor operations.

namespace lowbit::train::methods::esb {
namespace {

using quant::methods::esb::kShapes;
using quant::methods::esb::MakeScheme;
using quant::methods::esb::Options;

// Each layer by the density that it looks most like.
class ByLayer : public TensorQuantizer {
 public:
  explicit ByLayer(const Options& options) {
    for (const quant::Density density : kShapes) shapes_.emplace_back(MakeScheme(options, density));
  }
  QuantizedRows Quantize(const at::Tensor& rows) const override {
    const double magnitude = rows.abs().mean(at::kDouble).item<double>();
    const auto rms = rows.to(at::kDouble).square_().mean().sqrt_().item<double>();
    return shapes_[quant::methods::esb::NearestShape(magnitude, rms)].Quantize(rows);
  }

 private:
  std::vector<LevelTensors> shapes_;
};

}  // namespace

Result<Method> Create(const Config& options) {
  LOWBIT_TRY(const Options read, quant::methods::esb::ReadOptions(options));
  if (read.by_layer) return StraightThroughMethod(std::make_shared<ByLayer>(read));
  return StraightThroughMethod(std::make_shared<LevelTensors>(MakeScheme(read, read.density)));
}

}  // namespace lowbit::train::methods::esb
