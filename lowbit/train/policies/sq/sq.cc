#include <torch/types.h>

#include <utility>

#include "lowbit/quant/policies/sq/errors.h"
#include "lowbit/quant/policies/sq/options.h"
#include "lowbit/quant/policies/sq/select.h"
#include "lowbit/train/master_weight.h"

// Stochastic quantization over any deterministic quantizer: in each training step a share of a layer's units (rows or
// weights) is quantized and the others stay float; the gradient with respect to that mixture goes to the float weights.
// quant/policies/sq/spec.md is the specification.

namespace lowbit::train::policies::sq {
namespace {

using quant::sq::SqOptions;

class SqWeight : public MasterWeight {
 public:
  SqWeight(const LayerWeight& weight, std::shared_ptr<const TensorQuantizer> quantizer, const SqOptions& options)
      : MasterWeight(weight, std::move(quantizer)), options_(options) {
    const int64_t rows = this->weight().size(0);
    units_ = quant::sq::UnitCount(options.unit, rows, this->weight().numel() / rows);
    mask_ = at::zeros({Fixed() ? units_ : 0}, at::kByte);
    drawn_ = at::full({2}, -1, at::kLong);
    quantized_units_ = at::zeros({1}, at::kLong);
  }

  at::Tensor Effective(Mode mode, const StepContext& context) override;

  // The mask of the fixed policy cannot be drawn again after a resume: the errors it came from are gone.
  NamedTensors Buffers() const override {
    NamedTensors buffers = {{name() + "/sq_quantized", quantized_units_}};
    if (Fixed()) {
      buffers[name() + "/sq_mask"] = mask_;
      buffers[name() + "/sq_drawn"] = drawn_;
    }
    return buffers;
  }

  MethodStatistics Statistics() const override {
    MethodStatistics statistics = MasterWeight::Statistics();
    statistics.quantized_share = quantized_units_.item<double>() / static_cast<double>(units_);
    return statistics;
  }

 private:
  bool Fixed() const { return options_.policy == quant::sq::Policy::kFixed; }
  // `errors`: of the units, double, on any device.
  at::Tensor DrawnMask(const at::Tensor& errors, int64_t count, uint64_t time, uint64_t seed) const;
  at::Tensor Mask(const at::Tensor& errors, int64_t count, const StepContext& context);

  const SqOptions options_;
  int64_t units_ = 0;
  at::Tensor quantized_units_;  // int64 [1] on the CPU: in the last training step.
  at::Tensor mask_;             // Fixed policy: byte [units] on the CPU.
  at::Tensor drawn_;            // Fixed policy: the stage and count that mask_ was drawn for; -1: none yet.
};

// byte [units] on the CPU; a function of the arguments only.
at::Tensor SqWeight::DrawnMask(const at::Tensor& unit_errors, int64_t count, uint64_t time, uint64_t seed) const {
  const at::Tensor errors = unit_errors.to(at::kCPU).contiguous();
  // A GPU fetches a mask from pinned memory while the next layer's work is started.
  at::Tensor mask = at::empty({units_}, at::TensorOptions(at::kByte).pinned_memory(unit_errors.is_cuda()));
  const auto units = static_cast<size_t>(units_);
  const auto in_parallel = [](size_t n, const std::function<void(size_t begin, size_t end)>& work) {
    ForEachRange(static_cast<int64_t>(n), 4,
                 [&work](int64_t begin, int64_t end) { work(static_cast<size_t>(begin), static_cast<size_t>(end)); });
  };
  quant::sq::SelectQuantized({errors.data_ptr<double>(), units}, count, options_,
                             quant::sq::MaskRandom(seed, layer(), time), {mask.data_ptr<uint8_t>(), units},
                             in_parallel);
  return mask;
}

at::Tensor SqWeight::Mask(const at::Tensor& errors, int64_t count, const StepContext& context) {
  if (!Fixed()) return DrawnMask(errors, count, static_cast<uint64_t>(context.iteration), context.seed);
  const at::Tensor now = at::tensor({context.stage, count}, at::kLong);
  if (!drawn_.equal(now)) {
    mask_.copy_(DrawnMask(errors, count, static_cast<uint64_t>(context.stage), context.seed));
    drawn_.copy_(now);
  }
  return mask_;
}

at::Tensor SqWeight::Effective(Mode mode, const StepContext& context) {
  const bool hybrid = mode == Mode::kTrain || context.evaluate_hybrid;
  const int64_t count = hybrid ? quant::sq::QuantizedCount(context.ratio, units_, options_.rounding) : units_;
  if (mode == Mode::kTrain) quantized_units_.fill_(count);
  if (count == units_) return MasterWeight::Effective(mode, context);
  const at::Tensor prepared = Prepared(), rows = RowsOf(prepared);
  const bool filters = options_.unit == quant::sq::Unit::kFilter;
  at::Tensor errors;
  at::Tensor values = pass().Values(rows, filters ? &errors : nullptr);
  if (!filters) errors = ElementErrors(rows, values);
  const at::Tensor mask = Mask(errors, count, context);
  const at::Tensor mixed = filters ? MixRows(mask, rows, values) : MixElements(mask, rows, values);
  return StraightThrough(prepared, mixed.view_as(prepared));
}

}  // namespace

Result<MakeWeightMethod> Create(std::shared_ptr<const TensorQuantizer> quantizer, const Config& options) {
  LOWBIT_TRY(const SqOptions read, quant::sq::ReadSqOptions(options));
  return MakeWeightMethod([quantizer = std::move(quantizer), read](const LayerWeight& weight) {
    return std::make_unique<SqWeight>(weight, quantizer, read);
  });
}

}  // namespace lowbit::train::policies::sq
