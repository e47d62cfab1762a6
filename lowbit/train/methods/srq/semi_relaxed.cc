#include "lowbit/train/methods/srq/semi_relaxed.h"

#include <torch/autograd.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "lowbit/train/kernel_passes.h"

namespace lowbit::train::methods::srq {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// A pass over the grid with given numbers for step and noise.
struct Grid {
  const GridPlan& plan;
  double step, noise;

  double Count() const { return plan.high - plan.low + 1; }
  double Width() const { return step / noise; }
  // (bound - x) / noise of a point's interval, from the codes (a tensor or a number).
  template <typename Code>
  at::Tensor Above(const Code& code, const at::Tensor& x) const {
    return ((code + 0.5) * step - x) / noise;
  }
  template <typename Code>
  at::Tensor Below(const Code& code, const at::Tensor& x) const {
    return ((code - 0.5) * step - x) / noise;
  }
};

double LogMass(double width) { return std::log(-std::expm1(-width)); }

// d log raw_n by x, step and noise, each times noise and without what all n share.
struct LogSlopes {
  at::Tensor x, step, noise;

  template <typename Code>
  LogSlopes(const Grid& grid, const Code& code, const at::Tensor& values) {
    const at::Tensor a = grid.Above(code, values), c = grid.Below(code, values);
    const at::Tensor at_a = at::sigmoid(-a), at_c = at::sigmoid(c);
    x = at_c - at_a;
    step = at_a * (code + 0.5) - at_c * (code - 0.5);
    noise = at_c * c - at_a * a;
  }
};

// log raw_n but for what all n share.
template <typename Code>
at::Tensor LogRaw(const Grid& grid, const Code& code, const at::Tensor& x) {
  return at::log_sigmoid(grid.Above(code, x)) + at::log_sigmoid(-grid.Below(code, x));
}

// So are no masks at all.
bool AllOnes(const at::Tensor& masks) { return masks.eq(1).all().item<bool>(); }

// What one step of the backward pass is given, and where its results go.
struct Backward {
  Backward(Grid grid_given, at::Tensor x_given, at::Tensor codes_given, at::Tensor upstream_given)
      : grid(grid_given), x(std::move(x_given)), codes(std::move(codes_given)), upstream(std::move(upstream_given)) {}

  Grid grid;
  at::Tensor x, codes, upstream;
  std::vector<double> masks;  // Empty: none.
  at::Tensor of_x;
  double of_step = 0, of_noise = 0;
  std::vector<double> of_masks;

  double Mask(int code) const {
    const int group = Group(code);
    return group < 0 ? 1 : masks[static_cast<size_t>(group)];
  }
  int Group(int code) const {
    return masks.empty() ? -1 : grid.plan.groups.of_code[static_cast<size_t>(code - grid.plan.low)];
  }
  static double Total(const at::Tensor& tensor) { return tensor.sum(at::kDouble).item<double>(); }
};

// The winner's probability and its slopes in closed form (spec.md, section 2); the whole grid is one interval.
void WinnerOnly(Backward* b) {
  const Grid& grid = b->grid;
  const double width = grid.Width();
  LogSlopes slopes(grid, b->codes, b->x);
  at::Tensor log_p = LogRaw(grid, b->codes, b->x) + LogMass(width);
  double mass_slope = 1 / std::expm1(width), mass_width = mass_slope * width;
  if (grid.plan.normalized) {
    const double high = grid.plan.high, low = grid.plan.low;
    const at::Tensor a = grid.Above(high, b->x), c = grid.Below(low, b->x);
    const double all = grid.Count() * width, all_slope = 1 / std::expm1(all);
    // Like from like: far outside, where both are large, they are the same bits.
    log_p = (at::log_sigmoid(grid.Above(b->codes, b->x)) - at::log_sigmoid(a)) +
            (at::log_sigmoid(-grid.Below(b->codes, b->x)) - at::log_sigmoid(-c)) + (LogMass(width) - LogMass(all));
    const at::Tensor at_a = at::sigmoid(-a), at_c = at::sigmoid(c);
    slopes.x -= at_c - at_a;
    slopes.step -= at_a * (high + 0.5) - at_c * (low - 0.5);
    slopes.noise -= at_c * c - at_a * a;
    mass_slope -= grid.Count() * all_slope;
    mass_width -= all * all_slope;
  }
  const at::Tensor factor = b->upstream * b->codes * log_p.exp() * (grid.step / grid.noise);
  b->of_x = factor * slopes.x;
  b->of_step = Backward::Total(b->upstream * b->codes) + Backward::Total(factor * (slopes.step + mass_slope));
  b->of_noise = Backward::Total(factor * (slopes.noise - mass_width));
}

// Sums over the grid of w = mask * raw / raw of the winner, times what the slopes need.
struct Moments {
  at::Tensor mass, code;                           // sum w, sum w n
  at::Tensor x, step, noise;                       // sum w l', l' a slope of log raw
  at::Tensor code_x, code_step, code_noise;        // sum w n l'; full_vector only.
  std::vector<at::Tensor> group_mass, group_code;  // Of each group, without its mask.
};

void AddTo(at::Tensor* sum, const at::Tensor& term) {
  if (sum->defined()) {
    sum->add_(term);
  } else {
    *sum = term.clone();
  }
}

Moments SumOverGrid(const Backward& b) {
  Moments m;
  m.group_mass.resize(b.masks.size());
  m.group_code.resize(b.masks.size());
  const at::Tensor winner = LogRaw(b.grid, b.codes, b.x);
  for (int code = b.grid.plan.low; code <= b.grid.plan.high; ++code) {
    const double n = code;
    const at::Tensor raw = (LogRaw(b.grid, n, b.x) - winner).clamp_max_(kLargestLog).exp_();
    if (const int group = b.Group(code); group >= 0) {
      AddTo(&m.group_mass[static_cast<size_t>(group)], raw);
      AddTo(&m.group_code[static_cast<size_t>(group)], raw * n);
    }
    if (b.Mask(code) == 0) continue;
    const at::Tensor w = raw * b.Mask(code);
    const LogSlopes slopes(b.grid, n, b.x);
    AddTo(&m.mass, w);
    AddTo(&m.code, w * n);
    AddTo(&m.x, w * slopes.x);
    AddTo(&m.step, w * slopes.step);
    AddTo(&m.noise, w * slopes.noise);
    if (!b.grid.plan.full_vector) continue;
    AddTo(&m.code_x, w * slopes.x * n);
    AddTo(&m.code_step, w * slopes.step * n);
    AddTo(&m.code_noise, w * slopes.noise * n);
  }
  return m;
}

// The masked winner's probability, w / mass with w its mask.
at::Tensor WinnerShare(const Backward& b, const Moments& m) {
  at::Tensor mask = at::ones_like(b.x);
  if (b.masks.empty()) return mask / m.mass;
  std::vector<double> by_code;
  for (int code = b.grid.plan.low; code <= b.grid.plan.high; ++code) by_code.push_back(b.Mask(code));
  const at::Tensor table = at::tensor(by_code, at::kDouble).to(b.x.device(), b.x.scalar_type());
  mask = table.index_select(0, (b.codes - b.grid.plan.low).to(at::kLong).flatten()).view_as(b.x);
  return mask / m.mass;
}

// Surrogate argmax_only: step n* pi*; d pi* = pi* (l'* - E l').
void WinnerOfMasked(Backward* b, const Moments& m) {
  const Grid& grid = b->grid;
  const LogSlopes slopes(grid, b->codes, b->x);
  const at::Tensor share = WinnerShare(*b, m);
  const at::Tensor factor = b->upstream * b->codes * share * (grid.step / grid.noise);
  b->of_x = factor * (slopes.x - m.x / m.mass);
  b->of_step = Backward::Total(b->upstream * b->codes) + Backward::Total(factor * (slopes.step - m.step / m.mass));
  b->of_noise = Backward::Total(factor * (slopes.noise - m.noise / m.mass));
  const at::Tensor value = b->upstream * b->codes * grid.step;
  for (size_t group = 0; group < b->masks.size(); ++group) {
    at::Tensor of_winner = at::zeros_like(b->x);
    for (int code = grid.plan.low; code <= grid.plan.high; ++code) {
      if (b->Group(code) == static_cast<int>(group)) of_winner += b->codes.eq(code).to(b->x.scalar_type());
    }
    b->of_masks[group] = Backward::Total(value * (of_winner - share * m.group_mass[group]) / m.mass);
  }
}

// Surrogate full_vector: the mean of the masked distribution, step E n; d E n = E n l' - E n E l'.
void MeanOfMasked(Backward* b, const Moments& m) {
  const Grid& grid = b->grid;
  const at::Tensor mean = m.code / m.mass, factor = b->upstream * (grid.step / grid.noise);
  const auto covariance = [&](const at::Tensor& product, const at::Tensor& slope) {
    return factor * (product / m.mass - mean * slope / m.mass);
  };
  b->of_x = covariance(m.code_x, m.x);
  // The forward pass's own point moves with the step: sum y_n n, y one-hot.
  b->of_step = Backward::Total(b->upstream * b->codes) + Backward::Total(covariance(m.code_step, m.step));
  b->of_noise = Backward::Total(covariance(m.code_noise, m.noise));
  for (size_t group = 0; group < b->masks.size(); ++group) {
    const at::Tensor slope = (m.group_code[group] - mean * m.group_mass[group]) / m.mass;
    b->of_masks[group] = Backward::Total(b->upstream * slope) * grid.step;
  }
}

at::Tensor MaskedCodes(const Grid& grid, const at::Tensor& x, const std::vector<double>& masks) {
  at::Tensor best = at::full_like(x, -INFINITY), codes = at::zeros_like(x);
  for (int code = grid.plan.low; code <= grid.plan.high; ++code) {
    const int group = grid.plan.groups.of_code[static_cast<size_t>(code - grid.plan.low)];
    const double mask = group < 0 ? 1 : masks[static_cast<size_t>(group)];
    if (mask == 0) continue;
    const at::Tensor score = LogRaw(grid, static_cast<double>(code), x) + std::log(mask);
    const at::Tensor better = score >= best;  // Ties go up, as in rounding.
    best = at::where(better, score, best);
    codes.masked_fill_(better, code);
  }
  return codes;
}

std::vector<double> ToVector(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.detach().to(at::kCPU, at::kDouble).contiguous();
  return {flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()};
}

void SumGradients(Backward* b) {
  const bool full_vector = b->grid.plan.full_vector;
  if (!full_vector && b->masks.empty()) return WinnerOnly(b);
  const Moments moments = SumOverGrid(*b);
  full_vector ? MeanOfMasked(b, moments) : WinnerOfMasked(b, moments);
}

// What tensor operations make of the arguments of SemiRelaxed: the specification of the kernels. `masks` may have no elements.
using Given = KernelPasses::Relaxed;

KernelPasses::Pair ForwardByTensors(const GridPlan& plan, const Given& given) {
  const Grid grid{plan, given.step.item<double>(), given.noise.item<double>()};
  const at::Tensor codes = AllOnes(given.masks) ? NearestCodes(given.x, given.step, plan.low, plan.high)
                                                : MaskedCodes(grid, given.x, ToVector(given.masks));
  return {codes, codes * given.step};
}

variable_list BackwardByTensors(const GridPlan& plan, const Given& given, const at::Tensor& codes,
                                const at::Tensor& upstream) {
  const at::Tensor& masks = given.masks;
  Backward b({plan, given.step.item<double>(), given.noise.item<double>()}, given.x, codes, upstream);
  if (!AllOnes(masks)) b.masks = ToVector(masks);
  b.of_masks.resize(static_cast<size_t>(masks.numel()));
  SumGradients(&b);
  const at::Tensor of_masks =
      masks.numel() == 0 ? at::Tensor() : at::tensor(b.of_masks, at::kDouble).to(masks.device(), masks.scalar_type());
  return {b.of_x, at::full_like(given.step, b.of_step), at::full_like(given.noise, b.of_noise), of_masks};
}

// The kernels for these arguments; null: there are none.
const KernelPasses* KernelsFor(const GridPlan& plan, const Given& given) {
  const at::Tensor& x = given.x;
  const auto alike = [&x](const at::Tensor& other) {
    return other.device() == x.device() && other.scalar_type() == at::kFloat && other.is_contiguous();
  };
  const bool fits = x.is_contiguous() && alike(given.step) && alike(given.noise) &&
                    (given.masks.numel() == 0 || alike(given.masks)) &&
                    plan.high - plan.low < RelaxedGrid::kMostPoints && plan.groups.count <= RelaxedGrid::kMostGroups;
  return fits ? KernelPassesFor(x) : nullptr;
}

RelaxedGrid NumbersOf(const GridPlan& plan, const Given& given) {
  RelaxedGrid grid;
  grid.low = plan.low;
  grid.high = plan.high;
  grid.full_vector = plan.full_vector;
  grid.normalized = plan.normalized;
  grid.groups = static_cast<int>(given.masks.numel());
  if (grid.groups == 0) return grid;
  std::transform(plan.groups.of_code.begin(), plan.groups.of_code.end(), grid.group_of,
                 [](int group) { return static_cast<int8_t>(group); });
  return grid;
}

struct HeldPlan : torch::CustomClassHolder {
  explicit HeldPlan(GridPlan given) : plan(std::move(given)) {}
  GridPlan plan;
};

struct SemiRelaxedFunction : torch::autograd::Function<SemiRelaxedFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& step,
                            const at::Tensor& noise, const at::Tensor& masks, const GridPlan& plan) {
    const Given given = {x, step, noise, masks};
    const KernelPasses* kernels = KernelsFor(plan, given);
    const auto [codes, values] =
        kernels != nullptr ? kernels->RelaxForward(NumbersOf(plan, given), given) : ForwardByTensors(plan, given);
    context->save_for_backward({x, step, noise, masks, codes});
    context->saved_data["plan"] = at::IValue::make_capsule(c10::make_intrusive<HeldPlan>(plan));
    return values;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const auto held = c10::dynamic_intrusive_pointer_cast<HeldPlan>(context->saved_data["plan"].toCapsule());
    const GridPlan& plan = held->plan;
    const Given given = {saved[0].detach(), saved[1].detach(), saved[2].detach(), saved[3].detach()};
    variable_list results;
    if (const KernelPasses* kernels = KernelsFor(plan, given)) {
      const auto [of_x, totals] = kernels->RelaxBackward(NumbersOf(plan, given), given, saved[4], gradients[0]);
      results = {of_x, totals.slice(0, 0, 1), totals.slice(0, 1, 2),
                 given.masks.numel() == 0 ? at::Tensor() : totals.slice(0, 2)};
    } else {
      results = BackwardByTensors(plan, given, saved[4], gradients[0]);
    }
    results.emplace_back();
    return results;
  }
};

}  // namespace

at::Tensor NearestCodes(const at::Tensor& x, const at::Tensor& step, int low, int high) {
  return (x / step).add_(0.5).floor_().clamp_(low, high);
}

at::Tensor SemiRelaxed(const at::Tensor& x, const at::Tensor& step, const at::Tensor& noise, const at::Tensor& masks,
                       const GridPlan& plan) {
  // libtorch's functions want tensors that are there.
  return SemiRelaxedFunction::apply(x, step, noise, masks.defined() ? masks : at::empty({0}), plan);
}

at::Tensor Relaxed(const at::Tensor& x, const at::Tensor& step, const at::Tensor& noise, const at::Tensor& gumbel,
                   double temperature, bool straight_through, const GridPlan& plan) {
  const at::Tensor codes = at::arange(plan.low, plan.high + 1, x.options().requires_grad(false)).view({-1, 1});
  const at::Tensor flat = x.reshape({1, -1});
  const at::Tensor log_raw =
      at::log_sigmoid(((codes + 0.5) * step - flat) / noise) + at::log_sigmoid((flat - (codes - 0.5) * step) / noise);
  const at::Tensor noisy = at::log_softmax(log_raw, 0) + gumbel;
  at::Tensor mean = (at::softmax(noisy / temperature, 0) * codes).sum(0);
  if (straight_through) {
    const at::Tensor sample = noisy.detach().argmax(0).to(x.scalar_type()) + plan.low;
    mean = sample + (mean - mean.detach());
  }
  return (mean * step).view_as(x);
}

}  // namespace lowbit::train::methods::srq
