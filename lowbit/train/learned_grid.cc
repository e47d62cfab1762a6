#include "lowbit/train/learned_grid.h"

#include <torch/autograd.h>
#include <torch/types.h>

#include <utility>

#include "lowbit/train/kernel_passes.h"
#include "lowbit/train/one_pass.h"

namespace lowbit::train {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

at::Tensor Scaled(const at::Tensor& x, double scale) {
  return x.scalar_type() == at::kDouble ? x / scale : x * static_cast<float>(1 / scale);
}

struct Grid : torch::autograd::Function<Grid> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& scale, double step,
                            const IntegerRange& range, bool rounding, double factor) {
    context->save_for_backward({x, scale});
    context->saved_data["low"] = range.low;
    context->saved_data["high"] = range.high;
    context->saved_data["takes_relu"] = range.takes_relu;
    context->saved_data["rounding"] = rounding;
    context->saved_data["factor"] = factor;
    context->saved_data["scale"] = step;
    if (IsPlain(x)) {
      const FloatGrid grid(step, range.low, range.high);
      return Forward(x, [&grid](const GridPasses& passes, int64_t count, const float* from, float* to) {
        passes.round(grid, count, from, to);
      });
    }
    return at::nan_to_num(Scaled(x, step), range.low).clamp_(range.low, range.high).round_().mul_(step);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const auto number = [context](const char* name) { return context->saved_data[name].toDouble(); };
    const bool rounding = context->saved_data["rounding"].toBool();
    FloatGrid grid(number("scale"), number("low"), number("high"));
    grid.takes_relu = context->saved_data["takes_relu"].toBool();
    const auto [dx, of_scale] = IsPlain(saved[0], gradients[0])
                                    ? OfPlain(gradients[0], saved[0], grid, rounding, number("factor"))
                                    : OfAny(gradients[0], saved[0], number("scale"), grid, rounding, number("factor"));
    return {dx, of_scale.to(saved[1].scalar_type()).view_as(saved[1]), {}, {}, {}, {}};
  }

 private:
  // dL/dx and dL/ds.
  using Gradients = std::pair<at::Tensor, at::Tensor>;

  static Gradients OfPlain(const at::Tensor& d, const at::Tensor& x, const FloatGrid& grid, bool rounding,
                           double factor) {
    if (const KernelPasses* kernels = KernelPassesFor(x)) return kernels->Learn(d, x, grid, rounding, factor);
    double sum = 0;
    const at::Tensor dx = Backward(
        d, x,
        [&](const GridPasses& passes, int64_t count, const float* gradient, const float* values, float* to) {
          return static_cast<double>(passes.learn(grid, rounding, count, gradient, values, to));
        },
        &sum);
    return {dx, at::scalar_tensor(sum * factor, at::kDouble)};
  }

  static Gradients OfAny(const at::Tensor& d, const at::Tensor& x, double scale, const FloatGrid& grid, bool rounding,
                         double factor) {
    const at::Tensor scaled = Scaled(grid.takes_relu ? at::relu(x) : x, scale);
    const at::Tensor limited = scaled.clamp(grid.low, grid.high);
    const at::Tensor inside = limited.eq(scaled);
    const at::Tensor within = rounding ? limited.round() - scaled : at::zeros_like(scaled);
    const at::Tensor dx = d * inside;
    return {grid.takes_relu ? at::threshold_backward(dx, x, 0) : dx,
            (at::where(inside, within, limited) * d).sum() * factor};
  }
};

}  // namespace

at::Tensor LearnedGrid(const at::Tensor& x, const at::Tensor& scale, double step, const IntegerRange& range,
                       bool rounding, double factor) {
  return Grid::apply(x, scale, step, range, rounding, factor);
}

}  // namespace lowbit::train
