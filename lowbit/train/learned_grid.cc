#include "lowbit/train/learned_grid.h"

#include <torch/autograd.h>
#include <torch/types.h>

namespace lowbit::train {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

at::Tensor Scaled(const at::Tensor& x, double scale) {
  return x.scalar_type() == at::kDouble ? x / scale : x * static_cast<float>(1 / scale);
}

struct Grid : torch::autograd::Function<Grid> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& scale,
                            const IntegerRange& range, bool rounding, double factor) {
    context->save_for_backward({x, scale});
    context->saved_data["low"] = range.low;
    context->saved_data["high"] = range.high;
    context->saved_data["rounding"] = rounding;
    context->saved_data["factor"] = factor;
    const auto s = scale.item<double>();
    return at::nan_to_num(Scaled(x, s), range.low).clamp_(range.low, range.high).round_().mul_(s);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const auto number = [context](const char* name) { return context->saved_data[name].toDouble(); };
    const at::Tensor &x = saved[0], &gradient = gradients[0];
    const at::Tensor scaled = Scaled(x, saved[1].item<double>());
    const at::Tensor limited = scaled.clamp(number("low"), number("high"));
    const at::Tensor inside = limited.eq(scaled);
    const bool rounding = context->saved_data["rounding"].toBool();
    const at::Tensor within = rounding ? limited.round() - scaled : at::zeros_like(scaled);
    const at::Tensor slope = at::where(inside, within, limited) * gradient;
    return {
        gradient * inside, (slope.sum() * number("factor")).to(saved[1].scalar_type()).view_as(saved[1]), {}, {}, {}};
  }
};

}  // namespace

at::Tensor LearnedGrid(const at::Tensor& x, const at::Tensor& scale, const IntegerRange& range, bool rounding,
                       double factor) {
  const bool narrow = x.scalar_type() != at::kDouble && x.scalar_type() != at::kFloat;
  return Grid::apply(narrow ? x.to(at::kFloat) : x, scale, range, rounding, factor);
}

}  // namespace lowbit::train
