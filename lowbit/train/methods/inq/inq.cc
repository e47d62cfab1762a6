#include "lowbit/quant/methods/inq/inq.h"

#include <torch/types.h>
#include <torch/utils.h>

#include "lowbit/train/level_tensors.h"
#include "lowbit/train/master_weight.h"

// Incremental network quantization: part by part, the largest weights become powers of two and stay what they are; the others
// train on. quant/methods/inq is the specification.

namespace lowbit::train::methods::inq {
namespace {

using quant::methods::inq::Options;

class InqWeight : public WeightMethod {
 public:
  InqWeight(const LayerWeight& weight, const Options& options)
      : options_(options),
        scheme_(quant::methods::inq::MakeScheme(options.bits)),
        weight_{weight.name, weight.value.detach().requires_grad_(true), weight.traits} {
    const at::Tensor rows = RowsOf(weight_.tensor);
    portion_ = at::zeros({1}, at::kDouble);
    scale_ = at::zeros({1}, rows.options());
    frozen_ = at::zeros({rows.numel()}, rows.options().dtype(at::kByte));
    levels_ = at::zeros_like(rows);
  }

  at::Tensor Effective(Mode mode, const StepContext& context) override {
    if (mode != Mode::kTrain && !context.evaluate_hybrid) return Values(Quantized()).view_as(weight_.tensor);
    if (mode == Mode::kTrain) Advance(context);
    const at::Tensor mask = Mask();
    return at::where(mask, (levels_ * scale_).view_as(weight_.tensor), weight_.tensor);
  }
  std::vector<TrainedParameter> Parameters() const override { return {weight_}; }
  NamedTensors Buffers() const override {
    return {{weight_.name + "/inq_portion", portion_},
            {weight_.name + "/inq_scale", scale_},
            {weight_.name + "/inq_frozen", frozen_},
            {weight_.name + "/inq_levels", levels_}};
  }
  // With the frozen weights' values, which no optimizer can move.
  at::Tensor Master() const override {
    return at::where(Mask(), (levels_ * scale_).view_as(weight_.tensor), weight_.tensor.detach());
  }
  QTensor Freeze() const override { return ToQTensor(Quantized(), weight_.tensor.sizes().vec()); }
  MethodStatistics Statistics() const override {
    const at::NoGradGuard no_grad;
    MethodStatistics statistics = Measure(RowsOf(Master()), Values(Quantized()));
    statistics.quantized_share = frozen_.to(at::kDouble).mean().item<double>();
    return statistics;
  }

 private:
  at::Tensor Mask() const { return frozen_.to(at::kBool).view_as(weight_.tensor); }

  // Momentum and weight decay move all weights: the frozen ones are put back. Then more of them freeze if it is time.
  void Advance(const StepContext& context) {
    const at::NoGradGuard no_grad;
    weight_.tensor.copy_(Master());
    const double portion = quant::methods::inq::PortionAt(options_.portions, context.progress);
    if (portion_.item<double>() == portion) return;
    scale_.copy_(Scale());
    const at::Tensor host = weight_.tensor.detach().to(at::kCPU).contiguous(),
                     next = frozen_.to(at::kCPU, at::kByte, /*non_blocking=*/false, /*copy=*/true);
    const auto count = static_cast<size_t>(host.numel());
    quant::methods::inq::Partition({host.data_ptr<float>(), count}, portion, {next.data_ptr<uint8_t>(), count});
    const at::Tensor more = next.to(levels_.device()).view_as(levels_);
    levels_.copy_(Quantized().levels.mul(more));
    frozen_.copy_(more.flatten());
    portion_.fill_(portion);
    weight_.tensor.copy_(Master());
  }

  // All weights: the frozen ones as they are, the free ones by their nearest level.
  QuantizedRows Quantized() const {
    const at::NoGradGuard no_grad;
    const at::Tensor rows = RowsOf(weight_.tensor), unit = Scale();
    return {at::where(Mask().view_as(rows), levels_, NearestLevels(scheme_.levels, rows, unit)), unit,
            scheme_.levels.values()};
  }

  // [1]: the power of two of the largest weight, until the first weights freeze.
  at::Tensor Scale() const {
    if (portion_.item<double>() > 0) return scale_;
    return ScalesOf(scheme_.rule, RowsOf(weight_.tensor).reshape({1, -1}));
  }

  Options options_;
  quant::LevelScheme scheme_;
  TrainedParameter weight_;
  at::Tensor portion_;  // double [1], on the CPU: that is frozen.
  at::Tensor scale_;    // [1]: that of the frozen weights.
  at::Tensor frozen_;   // byte [weights]; read in every step, so where they are.
  at::Tensor levels_;   // [rows, columns]: the frozen weights' levels, 0 elsewhere.
};

}  // namespace

Result<Method> Create(const Config& options) {
  LOWBIT_TRY(const Options read, quant::methods::inq::ReadOptions(options));
  Method method;
  method.quantizer = std::make_shared<LevelTensors>(quant::methods::inq::MakeScheme(read.bits));
  method.make = [read](const LayerWeight& weight) { return std::make_unique<InqWeight>(weight, read); };
  return method;
}

}  // namespace lowbit::train::methods::inq
