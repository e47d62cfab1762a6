#include "lowbit/train/distributed/sync_batch_norm.h"

#include <torch/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <vector>

namespace lowbit::train::distributed {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// All dimensions but that of the channels.
std::vector<int64_t> SummedDimensions(const at::Tensor& x) {
  std::vector<int64_t> dimensions = {0};
  for (int64_t d = 2; d < x.dim(); ++d) dimensions.push_back(d);
  return dimensions;
}

// [channels] in x's type, to be combined with x.
at::Tensor PerChannel(const at::Tensor& values, const at::Tensor& x) {
  std::vector<int64_t> shape(static_cast<size_t>(x.dim()), 1);
  shape[1] = -1;
  return values.to(x.scalar_type()).view(shape);
}

// Of this rank.
double ValuesPerChannel(const at::Tensor& x) { return static_cast<double>(x.numel()) / static_cast<double>(x.size(1)); }

double ValuesPerChannel(const at::Tensor& x, const Group& group) { return ValuesPerChannel(x) * group.ranks(); }

// double [channels] each.
struct Moments {
  at::Tensor mean, variance;
};

Moments BatchMoments(const at::Tensor& x, Group* group) {
  const std::vector<int64_t> dimensions = SummedDimensions(x);
  const double here = ValuesPerChannel(x), everywhere = ValuesPerChannel(x, *group);
  const at::Tensor sum = x.sum(dimensions, /*keepdim=*/false, at::kDouble);
  const at::Tensor spread = x.var(dimensions, /*unbiased=*/false).to(at::kDouble) * here;
  // Sums of squares in double lose nothing that the variance of floats has.
  const at::Tensor sums = at::stack({sum, spread + sum * sum / here});
  group->Sum(sums);
  const at::Tensor mean = sums[0] / everywhere;
  return {mean, (sums[1] / everywhere - mean * mean).clamp_min(0)};
}

void Update(const RunningMoments& running, const Moments& batch, double values) {
  running.mean.mul_(1 - running.newest).add_(batch.mean, running.newest);
  running.variance.mul_(1 - running.newest).add_(batch.variance, running.newest * values / (values - 1));
}

class Normalize : public torch::autograd::Function<Normalize> {
 public:
  // mean, inverse: double [channels]; inverse = 1 / sqrt(variance + epsilon).
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& scale,
                            const at::Tensor& shift, const at::Tensor& mean, const at::Tensor& inverse, Group* group) {
    context->save_for_backward({x, scale, mean, inverse});
    context->saved_data["group"] = reinterpret_cast<int64_t>(group);
    const at::Tensor factor = scale * inverse;
    return at::addcmul(PerChannel(shift - mean * factor, x), x, PerChannel(factor, x));
  }

  // With d = dL/dy and c = x - mean:
  //   dL/dx = scale * inverse * (d - mean of d - c * inverse^2 * mean of (d c)), both means over all ranks.
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &scale = saved[1], &mean = saved[2], &inverse = saved[3], &d = gradients[0];
    auto* group = reinterpret_cast<Group*>(context->saved_data["group"].toInt());
    const std::vector<int64_t> dimensions = SummedDimensions(x);
    const at::Tensor centered = x - PerChannel(mean, x);
    const at::Tensor sums = at::stack({d.sum(dimensions, /*keepdim=*/false, at::kDouble),
                                       (d * centered).sum(dimensions, /*keepdim=*/false, at::kDouble)});
    const at::Tensor shift_gradient = sums[0].to(scale.scalar_type(), /*non_blocking=*/false, /*copy=*/true);
    const at::Tensor scale_gradient = (sums[1] * inverse).to(scale.scalar_type());
    group->Sum(sums);
    const at::Tensor means = sums / ValuesPerChannel(x, *group), factor = scale * inverse;
    const at::Tensor constant = PerChannel(-factor * means[0], x);
    const at::Tensor slope = PerChannel(-factor * inverse * inverse * means[1], x);
    const at::Tensor x_gradient = at::addcmul(constant, d, PerChannel(factor, x)).addcmul_(centered, slope);
    return {x_gradient, scale_gradient, shift_gradient, {}, {}, {}};
  }
};

}  // namespace

at::Tensor SyncBatchNorm(const at::Tensor& input, const at::Tensor& scale, const at::Tensor& shift,
                         const RunningMoments& running, double epsilon, Group* group) {
  // Moments of bfloat16 would be bfloat16.
  const at::Tensor x = input.scalar_type() == at::kBFloat16 ? input.to(at::kFloat) : input;
  Moments moments;
  {
    const at::NoGradGuard no_grad;
    moments = BatchMoments(x, group);
    Update(running, moments, ValuesPerChannel(x, *group));
  }
  return Normalize::apply(x, scale, shift, moments.mean, (moments.variance + epsilon).rsqrt(), group);
}

}  // namespace lowbit::train::distributed
