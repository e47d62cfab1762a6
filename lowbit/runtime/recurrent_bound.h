#ifndef LOWBIT_RUNTIME_RECURRENT_BOUND_H_
#define LOWBIT_RUNTIME_RECURRENT_BOUND_H_

// How far a recurrence in float arithmetic may be away from its definition.

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "lowbit/core/gate_functions.h"
#include "lowbit/core/recurrent_cell.h"
#include "lowbit/runtime/bounded_value.h"

namespace lowbit::runtime {

// A real number, and how far the float that stands for it may be away from it: without end, or a NaN, where floats could overflow.
struct Bounded {
  double value = 0, error = 0;

  Bounded() = default;
  Bounded(double v) : value(v) {}  // NOLINT: implicit on purpose; exact
  Bounded(double v, double e) : value(v), error(e) {}
  explicit operator double() const { return value; }
  double Largest() const { return std::abs(value) + error; }
};

inline bool FitsFloats(double magnitude) { return magnitude < std::numeric_limits<float>::max() / 2; }

// One rounding more, of a number or of one that is too small to have a relative error.
inline Bounded Rounded(double value, double error) {
  if (!FitsFloats(std::abs(value) + error)) return {value, std::numeric_limits<double>::infinity()};
  return {value, error + (std::abs(value) + error) * 0x1p-24 + 0x1p-148};
}

inline Bounded operator+(const Bounded& a, const Bounded& b) { return Rounded(a.value + b.value, a.error + b.error); }
inline Bounded operator-(const Bounded& a, const Bounded& b) { return Rounded(a.value - b.value, a.error + b.error); }
inline Bounded operator*(const Bounded& a, const Bounded& b) {
  return Rounded(a.value * b.value, std::abs(a.value) * b.error + std::abs(b.value) * a.error + a.error * b.error);
}

// Of recurrent_cell.h. The functions have slopes of at most 1/4 (Sigmoid) and 1, and errors of their own; clipping has
// slope 1. A product of K terms with a row of R: |R| E + gamma(K + 8) (|R| (|h| + E) + |bias|), as of a Gemm.
class BoundedArithmetic {
 public:
  using Real = Bounded;
  BoundedArithmetic(const double* r, int64_t columns) : r_(r), columns_(columns) {}

  Bounded Apply(GateFunction function, Bounded x) const {
    if (function == GateFunction::kRelu) return {std::max(x.value, 0.0), x.error};
    if (function == GateFunction::kTanh) return {std::tanh(x.value), x.error + kGateFunctionError};
    return {1 / (1 + std::exp(-x.value)), x.error / 4 + kGateFunctionError};
  }
  Bounded Clip(Bounded x, double limit) const {
    return {std::clamp(x.value, -limit, limit), x.error + std::ldexp(limit, -24)};
  }
  const std::vector<Bounded>& Read(const std::vector<Bounded>& h) const { return h; }
  Bounded Product(int64_t row, const std::vector<Bounded>& read, Bounded bias) const {
    double value = bias.value, error = 0, magnitude = std::abs(bias.value);
    for (int64_t i = 0; i < columns_; ++i) {
      const double w = r_[row * columns_ + i];
      const Bounded& h = read[static_cast<size_t>(i)];
      value += w * h.value;
      error += std::abs(w) * h.error;
      magnitude += std::abs(w) * h.Largest();
    }
    if (!FitsFloats(magnitude)) return {value, std::numeric_limits<double>::infinity()};
    return {value, error + FloatGamma(columns_ + 8) * magnitude + 0x1p-126};
  }

 private:
  const double* r_;
  int64_t columns_;
};

inline std::vector<Bounded> ToBounded(const BoundedValue* tensor) {
  std::vector<Bounded> numbers;
  for (size_t i = 0; tensor != nullptr && i < tensor->value.data.size(); ++i) {
    numbers.emplace_back(tensor->value.data[i], tensor->error.data[i]);
  }
  return numbers;
}

// The errors of Y, Y_h and Y_c of a node Recurrence without a quantized state.
inline std::vector<DoubleTensor> RecurrenceErrors(const Node& node, const Operands& x) {
  const Recurrence r = ReadRecurrence(node, x[0]->value.shape, x[1]->value.shape).value();
  std::vector<std::vector<Bounded>> numbers;
  numbers.reserve(8);
  for (size_t i = 0; i < 8; ++i) numbers.push_back(ToBounded(i < x.size() ? x[i] : nullptr));
  const auto find = [&](size_t i) { return numbers[i].empty() ? nullptr : numbers[i].data(); };
  const RecurrentInputs<Bounded> inputs = {find(0), find(3), find(4), find(5), find(6), find(7)};
  std::vector<BoundedArithmetic> arithmetic;
  for (int64_t d = 0; d < r.directions; ++d) {
    arithmetic.emplace_back(x[1]->value.data.data() + d * r.Rows() * r.hidden, r.hidden);
  }
  const auto out = RecurrentLayer<BoundedArithmetic>(r, inputs).Run(arithmetic);
  const auto errors = [](const Shape& shape, const std::vector<Bounded>& values) {
    DoubleTensor tensor(shape);
    for (size_t i = 0; i < values.size(); ++i) tensor.data[i] = values[i].error;
    return tensor;
  };
  return {errors(r.SequenceShape(), out.y), errors(r.StateShape(), out.h), errors(r.StateShape(), out.c)};
}

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_RECURRENT_BOUND_H_
