#include <torch/autograd.h>
#include <torch/types.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "lowbit/core/uniform_grid.h"
#include "lowbit/train/lowering.h"
#include "lowbit/train/row_pass.h"

namespace lowbit::train {
namespace {

using Inputs = std::vector<at::Tensor>;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// s * q for the integers q in [low, high]: Quant's grid, with the zero point taken off. The value nearest to x, and the x
// that are not beyond the ends.
class Grid {
 public:
  Grid(double scale, double low, double high)
      : scale_(scale), inverse_(static_cast<float>(1 / scale)), low_(low), high_(high) {}

  template <typename T>
  T Nearest(T x) const {
    // What lies between 2^52 and 2^53 has no digits behind the point. Any x86 processor adds; not every one rounds.
    constexpr double kNoFraction = 6755399441055744.0;  // 1.5 * 2^52
    const double scaled = Scaled(x);
    const double above = scaled > low_ ? scaled : low_;  // A NaN too is the lowest integer.
    return static_cast<T>(scale_ * ((above < high_ ? above : high_) + kNoFraction - kNoFraction));
  }
  at::Tensor NearestOf(const at::Tensor& x) const {
    const at::Tensor scaled = x.scalar_type() == at::kDouble ? x / scale_ : x * inverse_;
    return at::nan_to_num(scaled, low_).clamp_(low_, high_).round_().mul_(scale_);
  }
  double first() const { return scale_ * low_; }
  double last() const { return scale_ * high_; }

 private:
  // x / s. In float as the integer form multiplies, so that both find the same integer; in double as core divides.
  double Scaled(float x) const { return x * inverse_; }
  double Scaled(double x) const { return x / scale_; }

  double scale_;
  float inverse_;
  double low_, high_;
};

// BipolarQuant's two values.
class Signs {
 public:
  explicit Signs(double scale) : scale_(scale) {}

  template <typename T>
  T Nearest(T x) const {
    return static_cast<T>(x >= 0 ? scale_ : -scale_);
  }
  at::Tensor NearestOf(const at::Tensor& x) const { return x.ge(0).to(x.scalar_type()).mul_(2).sub_(1).mul_(scale_); }
  double first() const { return -scale_; }
  double last() const { return scale_; }

 private:
  double scale_;
};

// y[i] = function(x[i])
template <typename T, typename Function>
at::Tensor MapValues(const at::Tensor& x, Function function) {
  at::Tensor y = at::empty_like(x);
  const T* from = x.data_ptr<T>();
  T* to = y.data_ptr<T>();
  ForEachRange(x.numel(), 1, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) to[i] = function(from[i]);
  });
  return y;
}

// gradient[i] where x[i] lies in [first, last], else 0.
template <typename T>
at::Tensor KeepInside(const at::Tensor& gradient, const at::Tensor& x, T first, T last) {
  at::Tensor kept = at::empty_like(x);
  const T *d = gradient.data_ptr<T>(), *from = x.data_ptr<T>();
  T* to = kept.data_ptr<T>();
  ForEachRange(x.numel(), 1, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) to[i] = from[i] >= first && from[i] <= last ? d[i] : T(0);
  });
  return kept;
}

bool IsPlain(const at::Tensor& x) {
  const bool type = x.scalar_type() == at::kFloat || x.scalar_type() == at::kDouble;
  return x.is_cpu() && type && x.is_non_overlapping_and_dense();
}

// The nearest value forward. Backward the straight-through estimator inside the grid's range and 0 outside: the gradient of
// clamp(x, first, last) (Bengio et al. 2013; with two values the hard tanh of Hubara et al. 2016). One pass over memory each
// way on the CPU.
template <typename Values>
class StraightThrough : public torch::autograd::Function<StraightThrough<Values>> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const Values& values) {
    context->save_for_backward({x});
    context->saved_data["first"] = values.first();
    context->saved_data["last"] = values.last();
    if (!IsPlain(x)) return values.NearestOf(x);
    if (x.scalar_type() == at::kDouble) {
      return MapValues<double>(x, [values](double v) { return values.Nearest(v); });
    }
    return MapValues<float>(x, [values](float v) { return values.Nearest(v); });
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const at::Tensor x = context->get_saved_variables()[0], &gradient = gradients[0];
    const double first = context->saved_data["first"].toDouble(), last = context->saved_data["last"].toDouble();
    if (!IsPlain(x) || gradient.scalar_type() != x.scalar_type() || gradient.strides() != x.strides()) {
      return {at::where(x.ge(first).logical_and_(x.le(last)), gradient, at::zeros_like(gradient)), {}};
    }
    if (x.scalar_type() == at::kDouble) return {KeepInside<double>(gradient, x, first, last), {}};
    return {KeepInside<float>(gradient, x, static_cast<float>(first), static_cast<float>(last)), {}};
  }
};

template <typename Values>
at::Tensor Apply(const at::Tensor& x, const Values& values) {
  // Under mixed precision what comes in has too few digits for the integers of eight bits.
  const bool narrow = x.scalar_type() != at::kDouble && x.scalar_type() != at::kFloat;
  return StraightThrough<Values>::apply(narrow ? x.to(at::kFloat) : x, values);
}

// The scale is read in every step: it may be a value that the start of a run measures, or a checkpoint brings.
double ReadScale(const at::Tensor& scale, const std::string& node) {
  const auto value = scale.item<double>();
  if (value > 0 && std::isnormal(static_cast<float>(1 / value))) return value;
  throw std::invalid_argument("node '" + node + "': the scale is not a positive number to divide by; it is " +
                              std::to_string(value));
}

// The recipe's own gradient for such a node; null where it has none.
decltype(ActivationMethod::apply) OwnGradient(const LoweringRequest& request) {
  const Parameter* scale = request.parameters[1];
  const bool bipolar = request.node.op == "BipolarQuant";
  const bool trained = scale != nullptr && scale->traits.role == ParameterTraits::Role::kBias;
  if (request.activation == nullptr || (!trained && !bipolar)) return nullptr;
  return request.activation->apply;
}

template <typename MakeValues>
Kernel Lowered(const LoweringRequest& request, const IntegerRange& range, const MakeValues& make_values) {
  return [range, make_values, own = OwnGradient(request), name = request.node.name](const Inputs& in, Mode) {
    const double scale = ReadScale(in[1], name);
    return own ? own(in[0], in[1], range) : Apply(in[0], make_values(scale));
  };
}

Kernel LowerQuant(const LoweringRequest& request) {
  const UniformGrid grid =
      MakeUniformGrid(request.node, request.Scalar(1, 1), request.Scalar(2, 0), request.Scalar(3, 8)).value();
  const IntegerRange range = {grid.low - grid.zero_point, grid.high - grid.zero_point};
  return Lowered(request, range, [range](double scale) { return Grid(scale, range.low, range.high); });
}

Kernel LowerBipolarQuant(const LoweringRequest& request) {
  return Lowered(request, {-1, 1}, [](double scale) { return Signs(scale); });
}

// The nearest of any levels forward, straight through backward: dL/dx = dL/dy everywhere.
class Levels : public torch::autograd::Function<Levels> {
 public:
  static at::Tensor forward(AutogradContext*, const at::Tensor& x, const at::Tensor& scale,
                            const at::Tensor& thresholds, const at::Tensor& levels) {
    const auto step = scale.item<double>();
    // In float as the integer form multiplies, so that both find the same level; in double as core divides.
    const at::Tensor scaled = x.scalar_type() == at::kDouble ? x / step : x * static_cast<float>(1 / step);
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    // A NaN reaches no threshold.
    const at::Tensor ordered = at::nan_to_num(scaled, -kInfinity, kInfinity, -kInfinity);
    const at::Tensor reached = at::bucketize(ordered, thresholds, /*out_int32=*/false, /*right=*/true);
    return at::empty_like(x).copy_(levels.take(reached)).mul_(step);
  }
  static variable_list backward(AutogradContext*, variable_list gradients) { return {gradients[0], {}, {}, {}}; }
};

Kernel LowerLevelQuant(const LoweringRequest& request) {
  return [name = request.node.name](const Inputs& in, Mode) {
    ReadScale(in[1], name);
    const bool narrow = in[0].scalar_type() != at::kDouble && in[0].scalar_type() != at::kFloat;
    const at::Tensor x = narrow ? in[0].to(at::kFloat) : in[0];
    return Levels::apply(x, in[1], in[2].to(x.scalar_type()), in[3].to(x.scalar_type()));
  };
}

}  // namespace

void AddQuantizers(LoweringTable* table) {
  (*table)["Quant"] = LowerQuant;
  (*table)["BipolarQuant"] = LowerBipolarQuant;
  (*table)["LevelQuant"] = LowerLevelQuant;
}

}  // namespace lowbit::train
