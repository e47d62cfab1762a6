#include <torch/autograd.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "lowbit/core/uniform_grid.h"
#include "lowbit/train/lowering.h"
#include "lowbit/train/one_pass.h"
#include "lowbit/train/row_pass.h"

namespace lowbit::train {
namespace {

using Inputs = std::vector<at::Tensor>;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The least x whose gradient goes through a quantizer whose least value is `first`. What a Relu is taken along of is float.
double FirstKept(double first, bool takes_relu) {
  return takes_relu ? std::max<double>(first, quant::kLeastPositive) : first;
}

// s * q for the integers q in [low, high]: Quant's grid, with the zero point taken off. The value nearest to x, and the x
// that are not beyond the ends. In float x is multiplied by 1 / s as the integer form does, so that both find the same
// integer; in double it is divided as core does.
class Grid {
 public:
  Grid(double scale, const IntegerRange& range)
      : scale_(scale), low_(range.low), high_(range.high), takes_relu_(range.takes_relu) {}

  double Nearest(double x) const {
    // What lies between 2^52 and 2^53 has no digits behind the point. Any x86 processor adds; not every one rounds.
    constexpr double kNoFraction = 6755399441055744.0;  // 1.5 * 2^52
    const double scaled = x / scale_;
    const double above = scaled > low_ ? scaled : low_;  // A NaN too is the lowest integer.
    return scale_ * ((above < high_ ? above : high_) + kNoFraction - kNoFraction);
  }
  void Pass(const GridPasses& passes, int64_t count, const float* x, float* y) const {
    passes.round(FloatGrid(scale_, low_, high_), count, x, y);
  }
  at::Tensor NearestOf(const at::Tensor& x) const {
    const at::Tensor scaled = x.scalar_type() == at::kDouble ? x / scale_ : x * static_cast<float>(1 / scale_);
    return at::nan_to_num(scaled, low_).clamp_(low_, high_).round_().mul_(scale_);
  }
  double first() const { return FirstKept(scale_ * low_, takes_relu_); }
  double last() const { return scale_ * high_; }

 private:
  double scale_;
  double low_, high_;
  bool takes_relu_;
};

// BipolarQuant's two values.
class Signs {
 public:
  explicit Signs(double scale) : scale_(scale) {}

  double Nearest(double x) const { return x >= 0 ? scale_ : -scale_; }
  void Pass(const GridPasses& passes, int64_t count, const float* x, float* y) const {
    passes.signs(static_cast<float>(scale_), count, x, y);
  }
  at::Tensor NearestOf(const at::Tensor& x) const { return x.ge(0).to(x.scalar_type()).mul_(2).sub_(1).mul_(scale_); }
  double first() const { return -scale_; }
  double last() const { return scale_; }

 private:
  double scale_;
};

bool IsPlainDouble(const at::Tensor& x) {
  return x.is_cpu() && x.scalar_type() == at::kDouble && x.is_non_overlapping_and_dense();
}

// Integer evaluation of trained networks spends a good part of its time here.
template <typename Values>
at::Tensor NearestDoubles(const at::Tensor& x, const Values& values) {
  at::Tensor y = at::empty_like(x);
  const double* from = x.data_ptr<double>();
  double* to = y.data_ptr<double>();
  ForEachRange(x.numel(), 1, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) to[i] = values.Nearest(from[i]);
  });
  return y;
}

// The nearest value forward. Backward the straight-through estimator inside the grid's range and 0 outside: the gradient of
// clamp(x, first, last) (Bengio et al. 2013; with two values the hard tanh of Hubara et al. 2016).
template <typename Values>
class StraightThrough : public torch::autograd::Function<StraightThrough<Values>> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const Values& values) {
    context->save_for_backward({x});
    context->saved_data["first"] = values.first();
    context->saved_data["last"] = values.last();
    if (IsPlainDouble(x)) return NearestDoubles(x, values);
    if (!IsPlain(x)) return values.NearestOf(x);
    return Forward(x, [&values](const GridPasses& passes, int64_t count, const float* from, float* to) {
      values.Pass(passes, count, from, to);
    });
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const at::Tensor x = context->get_saved_variables()[0];
    const double first = context->saved_data["first"].toDouble(), last = context->saved_data["last"].toDouble();
    return {KeepInside(gradients[0], x, first, last), {}};
  }
};

// Under mixed precision what comes in has too few digits for the integers of eight bits.
at::Tensor Widened(const at::Tensor& x) {
  const bool narrow = x.scalar_type() != at::kDouble && x.scalar_type() != at::kFloat;
  return narrow ? x.to(at::kFloat) : x;
}

double CheckedScale(const at::Tensor& scale, const std::string& node) {
  const auto value = scale.item<double>();
  if (value > 0 && std::isnormal(static_cast<float>(1 / value))) return value;
  if (scale.requires_grad()) {
    throw std::invalid_argument("activations at '" + node + "': a learned scale became " + std::to_string(value) +
                                ", which is no positive number to divide by; lower 'train.learning_rate'");
  }
  throw std::invalid_argument("node '" + node + "': the scale is not a positive number to divide by; it is " +
                              std::to_string(value));
}

// The scale as a number. It is read in every step, since it may be a value that the start of a run measures, or a checkpoint brings;
// but one on a GPU, which has to be waited for, only if it was written to since.
class ScaleReader {
 public:
  explicit ScaleReader(std::string node) : node_(std::move(node)) {}

  double Read(const at::Tensor& scale) {
    if (!scale.is_cuda()) return CheckedScale(scale, node_);
    if (!seen_.is_same(scale) || version_ != scale._version()) {
      value_ = CheckedScale(scale, node_);
      seen_ = scale;
      version_ = scale._version();
    }
    return value_;
  }

 private:
  std::string node_;
  at::Tensor seen_;
  int64_t version_ = 0;
  double value_ = 0;
};

// The recipe's own gradient for such a node; null where it has none.
decltype(ActivationMethod::apply) OwnGradient(const LoweringRequest& request) {
  const Parameter* scale = request.parameters[1];
  const bool bipolar = request.node.op == "BipolarQuant";
  const bool trained = scale != nullptr && scale->traits.role == ParameterTraits::Role::kBias;
  if (request.activation == nullptr || (!trained && !bipolar)) return nullptr;
  return request.activation->apply;
}

// What a quantizer reads: widened, and where the network left a Relu to the quantizer, put through it unless the passes over
// plain memory do that along.
class Reader {
 public:
  explicit Reader(const LoweringRequest& request) : relu_(request.takes_relu), owns_input_(request.owns_input) {}

  // The tensor, and whether it is still to go through the Relu.
  std::pair<at::Tensor, bool> Read(const at::Tensor& input) const {
    at::Tensor x = Widened(input);
    if (!relu_ || IsPlain(x)) return {x, relu_};
    return {owns_input_ ? at::relu_(x) : at::relu(x), false};
  }

 private:
  bool relu_, owns_input_;
};

template <typename MakeValues>
Kernel Lowered(const LoweringRequest& request, const IntegerRange& range, const MakeValues& make_values) {
  return [range, make_values, own = OwnGradient(request), reader = Reader(request),
          scales = ScaleReader(request.node.name)](const Inputs& in, Mode) mutable {
    const double scale = scales.Read(in[1]);
    IntegerRange of_this = range;
    at::Tensor x;
    std::tie(x, of_this.takes_relu) = reader.Read(in[0]);
    const auto values = make_values(scale, of_this);
    return own ? own(x, in[1], scale, of_this) : StraightThrough<std::decay_t<decltype(values)>>::apply(x, values);
  };
}

Kernel LowerQuant(const LoweringRequest& request) {
  const UniformGrid grid =
      MakeUniformGrid(request.node, request.Scalar(1, 1), request.Scalar(2, 0), request.Scalar(3, 8)).value();
  const IntegerRange range = {grid.low - grid.zero_point, grid.high - grid.zero_point};
  return Lowered(request, range, [](double scale, const IntegerRange& of_step) { return Grid(scale, of_step); });
}

Kernel LowerBipolarQuant(const LoweringRequest& request) {
  return Lowered(request, {-1, 1}, [](double scale, const IntegerRange&) { return Signs(scale); });
}

// The nearest of any levels forward, straight through backward: dL/dx = dL/dy, everywhere or only between the first and the
// last level.
class Levels : public torch::autograd::Function<Levels> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, double step, const at::Tensor& thresholds,
                            const at::Tensor& levels, bool clips, bool takes_relu) {
    context->saved_data["clips"] = clips;
    context->saved_data["takes_relu"] = takes_relu;
    if (clips || takes_relu) context->save_for_backward({x});
    if (clips) {
      context->saved_data["first"] = FirstKept(step * levels[0].item<double>(), takes_relu);
      context->saved_data["last"] = step * levels[-1].item<double>();
    }
    if (IsPlain(x) && IsPlain(thresholds) && IsPlain(levels)) {
      const FloatLevels table = {static_cast<float>(step), static_cast<float>(1 / step), thresholds.data_ptr<float>(),
                                 levels.data_ptr<float>(), levels.numel()};
      return Forward(x, [&table](const GridPasses& passes, int64_t count, const float* from, float* to) {
        passes.levels(table, count, from, to);
      });
    }
    // In float as the integer form multiplies, so that both find the same level; in double as core divides.
    const at::Tensor scaled = x.scalar_type() == at::kDouble ? x / step : x * static_cast<float>(1 / step);
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    // A NaN reaches no threshold.
    const at::Tensor ordered = at::nan_to_num(scaled, -kInfinity, kInfinity, -kInfinity).contiguous();
    const at::Tensor reached = at::bucketize(ordered, thresholds, /*out_int32=*/false, /*right=*/true);
    return at::empty_like(x).copy_(levels.take(reached)).mul_(step);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    return {OfInput(context, gradients[0]), {}, {}, {}, {}, {}};
  }

 private:
  static at::Tensor OfInput(AutogradContext* context, const at::Tensor& d) {
    const auto is = [context](const char* name) { return context->saved_data[name].toBool(); };
    const auto end = [context](const char* name) { return context->saved_data[name].toDouble(); };
    if (!is("clips") && !is("takes_relu")) return d;
    const at::Tensor x = context->get_saved_variables()[0];
    // Not KeepInside to infinity: as a Relu does, this lets the gradient of a NaN through.
    return is("clips") ? KeepInside(d, x, end("first"), end("last")) : at::threshold_backward(d, x, 0);
  }
};

Kernel LowerLevelQuant(const LoweringRequest& request) {
  const bool clips = request.activation != nullptr && request.activation->levels_clip_gradient;
  return [clips, reader = Reader(request), scales = ScaleReader(request.node.name)](const Inputs& in, Mode) mutable {
    const double scale = scales.Read(in[1]);
    const auto [x, takes_relu] = reader.Read(in[0]);
    return Levels::apply(x, scale, in[2].to(x.scalar_type()), in[3].to(x.scalar_type()), clips, takes_relu);
  };
}

}  // namespace

void AddQuantizers(LoweringTable* table) {
  (*table)["Quant"] = LowerQuant;
  (*table)["BipolarQuant"] = LowerBipolarQuant;
  (*table)["LevelQuant"] = LowerLevelQuant;
}

}  // namespace lowbit::train
