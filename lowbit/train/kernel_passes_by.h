#ifndef LOWBIT_TRAIN_KERNEL_PASSES_BY_H_
#define LOWBIT_TRAIN_KERNEL_PASSES_BY_H_

#include <c10/core/DeviceGuard.h>
#include <torch/types.h>

#include "lowbit/train/cuda/dropout_kernels.h"
#include "lowbit/train/cuda/grid_kernels.h"
#include "lowbit/train/cuda/relaxed_kernels.h"
#include "lowbit/train/cuda/relaxed_layer_kernels.h"
#include "lowbit/train/cuda/row_kernels.h"
#include "lowbit/train/cuda/searched_kernels.h"
#include "lowbit/train/cuda/squeeze_kernels.h"
#include "lowbit/train/cuda/ternary_kernels.h"
#include "lowbit/train/kernel_passes.h"

namespace lowbit::train {

// KernelPasses by Launcher::Launch(kernel), a static function that runs a kernel of train/cuda.
template <typename Launcher>
class KernelPassesBy : public KernelPasses {
 public:
  const GridPasses& Grid() const override {
    static const GridPasses passes = {/*target=*/0, &Round, &Signs, &TakeLevels, &Keep, nullptr, &Tent};
    return passes;
  }

  Pair Learn(const at::Tensor& d, const at::Tensor& x, const FloatGrid& grid, bool rounding,
             double factor) const override {
    const c10::DeviceGuard guard(x.device());
    at::Tensor dx = at::empty_like(x);
    const at::Tensor sums = at::empty({cuda::BlocksFor(x.numel())}, Doubles(x));
    Launcher::Launch(cuda::Learn{grid, grid.first(), grid.last(), rounding, x.numel(), In(d), In(x), Out(dx),
                                 sums.data_ptr<double>()});
    return {dx, Total(sums, factor, x)};
  }

  at::Tensor Values(const quant::RowFormula& formula, const at::Tensor& rows, at::Tensor* errors) const override {
    const c10::DeviceGuard guard(rows.device());
    at::Tensor values = at::empty_like(rows);
    cuda::QuantizeRows kernel = About(rows, values);
    kernel.multiply = true;
    if (errors != nullptr) {
      *errors = at::empty({rows.size(0)}, Doubles(rows));
      kernel.errors = errors->data_ptr<double>();
    }
    Run(formula, rows, &kernel);
    return values;
  }

  Pair Quantize(const quant::RowFormula& formula, const at::Tensor& rows) const override {
    const c10::DeviceGuard guard(rows.device());
    at::Tensor levels = at::empty_like(rows), scales = at::empty({rows.size(0)}, rows.options());
    cuda::QuantizeRows kernel = About(rows, levels);
    kernel.scales = Out(scales);
    Run(formula, rows, &kernel);
    return {levels, scales};
  }

  Pair Nearest(const quant::LevelTable& table, const at::Tensor& rows, const at::Tensor& scales) const override {
    const c10::DeviceGuard guard(rows.device());
    at::Tensor levels = at::empty_like(rows), values = at::empty_like(rows);
    cuda::QuantizeRows kernel = About(rows, levels);
    kernel.formula.table = table;
    kernel.given = In(scales);
    kernel.one_given = scales.numel() == 1;
    kernel.products = Out(values);
    Launcher::Launch(kernel);
    return {levels, values};
  }

  Pair LearnRows(const at::Tensor& d, const at::Tensor& rows, const at::Tensor& scales, const at::Tensor& levels,
                 double first, double last, double factor) const override {
    const c10::DeviceGuard guard(rows.device());
    const bool one_scale = scales.numel() == 1;
    at::Tensor dw = at::empty_like(rows), of_scales = at::empty_like(scales), sums;
    if (one_scale) sums = at::empty({rows.size(0)}, Doubles(rows));
    const at::Tensor gradient = d.contiguous();
    Launcher::Launch(cuda::LearnRows{In(rows), In(levels), In(gradient), rows.size(0), rows.size(1), In(scales),
                                     one_scale, static_cast<float>(first), static_cast<float>(last), factor, Out(dw),
                                     one_scale ? sums.data_ptr<double>() : nullptr, Out(of_scales)});
    return {dw, one_scale ? Total(sums, factor, rows) : of_scales};
  }

  at::Tensor ElementErrors(const at::Tensor& rows, const at::Tensor& values) const override {
    const c10::DeviceGuard guard(rows.device());
    at::Tensor errors = at::empty({rows.numel()}, Doubles(rows));
    Launcher::Launch(cuda::MeasureElements{In(rows), In(values), rows.numel(), errors.data_ptr<double>()});
    return errors;
  }

  void Mix(const at::Tensor& mask, int64_t unit, const at::Tensor& rows, const at::Tensor& values) const override {
    const c10::DeviceGuard guard(rows.device());
    const at::Tensor quantized = mask.to(rows.device(), at::kByte, /*non_blocking=*/true);
    Launcher::Launch(cuda::MixUnits{quantized.data_ptr<uint8_t>(), unit, rows.numel(), In(rows), Out(values)});
  }

  at::Tensor Expect(const Searched& weights) const override {
    const c10::DeviceGuard guard(weights.logits.device());
    at::Tensor result = at::empty({weights.rows, weights.logits.size(1) / weights.rows}, weights.logits.options());
    Launcher::Launch(cuda::Expect{About(weights), Out(result)});
    return result;
  }

  Pair ExpectBackward(const Searched& weights, const at::Tensor& d) const override {
    const c10::DeviceGuard guard(d.device());
    at::Tensor of_logits = at::empty_like(weights.logits), of_scales = at::empty({weights.rows}, Doubles(d));
    const at::Tensor gradient = d.contiguous();
    Launcher::Launch(cuda::ExpectBackward{About(weights), In(gradient), Out(of_logits), of_scales.data_ptr<double>()});
    return {of_logits, of_scales};
  }

  Pair Squeeze(const at::Tensor& weights) const override {
    const c10::DeviceGuard guard(weights.device());
    const int64_t count = weights.numel();
    at::Tensor squeezed = at::empty_like(weights), largest = at::empty({cuda::BlocksFor(count)}, Doubles(weights));
    double* parts = largest.data_ptr<double>();
    Launcher::Launch(cuda::MeasureSqueezed{In(weights), count, parts});
    Launcher::Launch(cuda::Squeeze{In(weights), count, parts, Out(squeezed)});
    return {squeezed, largest};
  }

  at::Tensor SqueezeBackward(const at::Tensor& d, const at::Tensor& weights, const at::Tensor& about) const override {
    const c10::DeviceGuard guard(weights.device());
    const int64_t count = weights.numel();
    at::Tensor dw = at::empty_like(weights), sums = at::empty({2, about.numel()}, Doubles(weights));
    const at::Tensor gradient = d.contiguous();
    const double* largest = about.data_ptr<double>();
    Launcher::Launch(cuda::MeasureSqueezedBackward{In(weights), In(gradient), count, largest, sums.data_ptr<double>()});
    Launcher::Launch(
        cuda::SqueezeBackward{In(weights), In(gradient), count, largest, sums.data_ptr<double>(), Out(dw)});
    return dw;
  }

  at::Tensor ChooseScale(const at::Tensor& signs, const at::Tensor& scales) const override {
    const c10::DeviceGuard guard(signs.device());
    at::Tensor values = at::empty_like(signs);
    Launcher::Launch(cuda::ChooseScale{In(signs), In(scales), signs.numel(), Out(values)});
    return values;
  }

  Pair ChooseScaleBackward(const at::Tensor& d, const at::Tensor& signs, const at::Tensor& scales,
                           double factor) const override {
    const c10::DeviceGuard guard(signs.device());
    const int64_t count = signs.numel();
    at::Tensor dw = at::empty_like(signs), sums = at::empty({2, cuda::BlocksFor(count)}, Doubles(signs));
    const at::Tensor gradient = d.contiguous();
    Launcher::Launch(
        cuda::ChooseScaleBackward{In(gradient), In(signs), In(scales), count, Out(dw), sums.data_ptr<double>()});
    return {dw, Total(sums, factor, signs)};
  }

  void DrawFactors(const at::Tensor& factors, const CounterRandom& random, uint64_t threshold, float scale,
                   int64_t first_image) const override {
    const c10::DeviceGuard guard(factors.device());
    const int64_t images = factors.size(0);
    Launcher::Launch(
        cuda::DrawFactors{random, threshold, scale, first_image, images, factors.numel() / images, Out(factors)});
  }

  Pair RelaxForward(const RelaxedGrid& grid, const Relaxed& given) const override {
    const at::Tensor& x = given.x;
    const c10::DeviceGuard guard(x.device());
    at::Tensor codes = at::empty_like(x), values = at::empty_like(x);
    Launcher::Launch(cuda::RelaxForward{grid, In(given.step), In(given.noise), Masks(grid, given), x.numel(), In(x),
                                        Out(codes), Out(values)});
    return {codes, values};
  }

  Pair RelaxBackward(const RelaxedGrid& grid, const Relaxed& given, const at::Tensor& codes,
                     const at::Tensor& d) const override {
    const at::Tensor &x = given.x, gradient = d.contiguous();
    const c10::DeviceGuard guard(x.device());
    const at::Tensor parts = at::empty({2 + grid.groups, cuda::BlocksFor(x.numel())}, Doubles(x));
    at::Tensor dx = at::empty_like(x);
    Launcher::Launch(cuda::RelaxBackward{grid, In(given.step), In(given.noise), Masks(grid, given), x.numel(),
                                         In(gradient), In(x), In(codes), Out(dx), parts.data_ptr<double>()});
    return {dx, Total(parts, 1, x)};
  }

  Pair StepAndNoise(const ScalePlan& plan, const LogScales& given, bool clamp) const override {
    const c10::DeviceGuard guard(given.start.device());
    at::Tensor step = at::empty_like(given.start), noise = at::empty_like(given.start);
    Launcher::Launch(cuda::ScaleForward{static_cast<float>(plan.noise_start), static_cast<float>(plan.least),
                                        static_cast<float>(plan.most), clamp, In(given.start), In(given.log_step),
                                        Out(given.log_noise), Out(step), Out(noise)});
    return {step, noise};
  }

  Pair StepAndNoiseBackward(double factor, const Pair& scales, const Pair& d) const override {
    const c10::DeviceGuard guard(scales.first.device());
    at::Tensor result = at::empty({2}, scales.first.options());
    Launcher::Launch(cuda::ScaleBackward{static_cast<float>(factor), In(scales.first), In(scales.second), In(d.first),
                                         In(d.second), Out(result)});
    return {result.slice(0, 0, 1), result.slice(0, 1, 2)};
  }

  Gates DrawGates(const GatePlan& plan, const at::Tensor& logits) const override {
    const c10::DeviceGuard guard(logits.device());
    const Gates drawn = {at::empty_like(logits), at::empty_like(logits), at::empty_like(logits)};
    Launcher::Launch(cuda::DrawGates{plan, Out(logits), Out(drawn.masks), Out(drawn.gates), Out(drawn.slopes)});
    return drawn;
  }

  at::Tensor GatesBackward(bool nested, const Gates& drawn, const at::Tensor& d) const override {
    const c10::DeviceGuard guard(d.device());
    const at::Tensor gradient = d.contiguous();
    at::Tensor result = at::empty_like(gradient);
    Launcher::Launch(cuda::GateBackward{nested, static_cast<int>(d.numel()), In(drawn.gates), In(drawn.slopes),
                                        In(gradient), Out(result)});
    return result;
  }

  Pair PriceGates(const GatePlan& plan, double factor, const at::Tensor& logits) const override {
    const c10::DeviceGuard guard(logits.device());
    at::Tensor price = at::empty({}, logits.options()), slopes = at::empty_like(logits);
    Launcher::Launch(cuda::PriceGates{plan, factor, In(logits), Out(price), Out(slopes)});
    return {price, slopes};
  }

 private:
  static const float* In(const at::Tensor& x) { return x.data_ptr<float>(); }
  static float* Out(const at::Tensor& x) { return x.data_ptr<float>(); }
  static at::TensorOptions Doubles(const at::Tensor& x) { return x.options().dtype(at::kDouble); }

  // factor * the sum of `sums`, or of each of its rows: [1] or [rows].
  static at::Tensor Total(const at::Tensor& sums, double factor, const at::Tensor& like) {
    const int64_t count = sums.dim() == 1 ? 1 : sums.size(0);
    at::Tensor totals = at::empty({count}, like.options());
    Launcher::Launch(cuda::Total{sums.data_ptr<double>(), count, sums.numel() / count, factor, Out(totals)});
    return totals;
  }

  static const float* Masks(const RelaxedGrid& grid, const Relaxed& given) {
    return grid.groups > 0 ? In(given.masks) : nullptr;
  }

  static cuda::QuantizeRows About(const at::Tensor& rows, const at::Tensor& values) {
    cuda::QuantizeRows kernel = {};
    kernel.weights = In(rows);
    kernel.rows = rows.size(0);
    kernel.columns = rows.size(1);
    kernel.values = Out(values);
    return kernel;
  }

  static cuda::SearchedWeights About(const Searched& weights) {
    const int64_t columns = weights.logits.size(1) / weights.rows;
    return {In(weights.logits),
            In(weights.values),
            weights.values.numel(),
            weights.rows,
            columns,
            static_cast<float>(weights.temperature),
            static_cast<float>(weights.unit),
            In(weights.scales),
            weights.scales.numel() == 1};
  }

  static void Run(const quant::RowFormula& formula, const at::Tensor& rows, cuda::QuantizeRows* kernel) {
    kernel->formula = formula;
    at::Tensor parts;
    if (formula.whole_layer) {
      constexpr int64_t kDoubles = sizeof(cuda::Moments) / sizeof(double);
      parts = at::empty({rows.size(0), kDoubles}, Doubles(rows));
      auto* moments = reinterpret_cast<cuda::Moments*>(parts.data_ptr<double>());
      Launcher::Launch(cuda::MeasureRows{formula.rule.statistic, In(rows), rows.size(0), rows.size(1), moments});
      kernel->moments = moments;
    }
    Launcher::Launch(*kernel);
  }

  static void Round(const FloatGrid& grid, int64_t count, const float* x, float* y) {
    Launcher::Launch(cuda::Forward<cuda::Round>{{grid}, count, x, y});
  }
  static void Signs(float scale, int64_t count, const float* x, float* y) {
    Launcher::Launch(cuda::Forward<cuda::Signs>{{scale}, count, x, y});
  }
  static void TakeLevels(const FloatLevels& table, int64_t count, const float* x, float* y) {
    Launcher::Launch(cuda::Forward<cuda::TakeLevels>{{table}, count, x, y});
  }
  static void Keep(float first, float last, int64_t count, const float* d, const float* x, float* dx) {
    Launcher::Launch(cuda::Backward<cuda::Keep>{{first, last}, count, d, x, dx});
  }
  static void Tent(float inverse, int64_t count, const float* d, const float* x, float* dx) {
    Launcher::Launch(cuda::Backward<cuda::Tent>{{inverse}, count, d, x, dx});
  }
};

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_KERNEL_PASSES_BY_H_
