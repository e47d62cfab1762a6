#include "lowbit/train/methods/slb/expectation.h"

#include <torch/autograd.h>
#include <torch/types.h>

#include <algorithm>

#include "lowbit/train/kernel_passes.h"

namespace lowbit::train::methods::slb {
namespace {

// work(begin, end) for slices of the n weights: small ones on the CPU, where a slice stays in the cache from one operation
// to the next; all at once elsewhere.
template <typename Work>
void ForEachSlice(const at::Tensor& logits, const Work& work) {
  const int64_t n = logits.size(1);
  const int64_t slice = logits.is_cpu() ? std::max<int64_t>(1, kSliceElements / logits.size(0)) : n;
  for (int64_t begin = 0; begin < n; begin += slice) work(begin, std::min(n, begin + slice));
}

// The softmax's numerators and, for each weight, their sum. The largest logit is subtracted first: the temperature
// may leave no digits after the point.
struct Softmax {
  at::Tensor powers, sums;
  Softmax(const at::Tensor& logits, double temperature)
      : powers((logits - std::get<0>(logits.max(0, /*keepdim=*/true))).mul_(temperature).exp_()), sums(powers.sum(0)) {}
};

struct ExpectationFunction : torch::autograd::Function<ExpectationFunction> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& logits,
                            const at::Tensor& values, double temperature) {
    at::Tensor result = at::empty({logits.size(1)}, logits.options().requires_grad(false));
    ForEachSlice(logits, [&](int64_t begin, int64_t end) {
      Softmax softmax(logits.slice(1, begin, end), temperature);
      // No matrix product: mixed precision would round its operands.
      result.slice(0, begin, end).copy_(softmax.powers.mul_(values.unsqueeze(1)).sum(0).div_(softmax.sums));
    });
    context->save_for_backward({logits, values, result});
    context->saved_data["temperature"] = temperature;
    return result;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const torch::autograd::variable_list saved = context->get_saved_variables();
    const at::Tensor logits = saved[0].detach(), values = saved[1].detach(), result = saved[2].detach();
    const double temperature = context->saved_data["temperature"].toDouble();
    const at::Tensor upstream = gradients[0].contiguous();
    at::Tensor of_logits = at::empty_like(logits), of_values = at::zeros_like(values);
    ForEachSlice(logits, [&](int64_t begin, int64_t end) {
      const Softmax softmax(logits.slice(1, begin, end), temperature);
      const at::Tensor factor = upstream.slice(0, begin, end) / softmax.sums;
      of_values.addmv_(softmax.powers, factor);
      at::Tensor target = of_logits.slice(1, begin, end);
      at::sub_out(target, values.unsqueeze(1), result.slice(0, begin, end).unsqueeze(0));
      target.mul_(softmax.powers).mul_((factor * temperature).unsqueeze(0));
    });
    return {of_logits, of_values, at::Tensor()};
  }
};

// ScaledExpectation by kernels.
struct SearchedFunction : torch::autograd::Function<SearchedFunction> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& logits,
                            const at::Tensor& scales, KernelPasses::Searched weights) {
    weights.logits = logits;
    weights.scales = scales;
    context->save_for_backward({logits, weights.values, scales});
    context->saved_data["unit"] = weights.unit;
    context->saved_data["rows"] = weights.rows;
    context->saved_data["temperature"] = weights.temperature;
    return KernelPassesFor(logits)->Expect(weights);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const torch::autograd::variable_list saved = context->get_saved_variables();
    const at::Tensor logits = saved[0].detach(), scales = saved[2].detach();
    const auto number = [context](const char* name) { return context->saved_data[name].toDouble(); };
    const KernelPasses::Searched weights = {
        logits, saved[1], scales, number("unit"), context->saved_data["rows"].toInt(), number("temperature")};
    const auto [of_logits, of_rows] = KernelPassesFor(logits)->ExpectBackward(weights, gradients[0]);
    if (!context->needs_input_grad(1)) return {of_logits, at::Tensor(), at::Tensor()};
    const at::Tensor of_scales = scales.numel() == 1 ? of_rows.sum().view({1}) : of_rows;
    return {of_logits, of_scales.to(at::kFloat), at::Tensor()};
  }
};

}  // namespace

at::Tensor Expectation(const at::Tensor& logits, const at::Tensor& values, double temperature) {
  return ExpectationFunction::apply(logits, values, temperature);
}

at::Tensor ScaledExpectation(const at::Tensor& logits, const at::Tensor& values, const at::Tensor& scales, double unit,
                             int64_t rows, double temperature) {
  if (KernelPassesFor(logits) != nullptr && logits.is_contiguous() && !values.requires_grad()) {
    const KernelPasses::Searched fixed = {at::Tensor(), values, at::Tensor(), unit, rows, temperature};
    return SearchedFunction::apply(logits, scales, fixed);
  }
  return Expectation(logits, values, temperature).view({rows, -1}) * (scales * static_cast<float>(unit)).view({-1, 1});
}

at::Tensor TopProbability(const at::Tensor& logits, double temperature) {
  at::Tensor sum = at::zeros({}, at::kDouble);
  // The largest power is exp(0).
  ForEachSlice(logits, [&](int64_t begin, int64_t end) {
    sum += Softmax(logits.slice(1, begin, end), temperature).sums.reciprocal().sum(at::kDouble).to(at::kCPU);
  });
  return sum / logits.size(1);
}

}  // namespace lowbit::train::methods::slb
