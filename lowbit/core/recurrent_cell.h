#ifndef LOWBIT_CORE_RECURRENT_CELL_H_
#define LOWBIT_CORE_RECURRENT_CELL_H_

// What recurrent cells compute, over any arithmetic: the definition of RNN, GRU, LSTM and Recurrence, and the specification of
// kernels. Of each sequence, step by step, what the input adds to the gates is given: W x and the biases.
//
// An arithmetic A, one for each direction, has
//   A::Real                                   with + - * and made from a double; each rounds as A wants it
//   Real Apply(GateFunction, Real)
//   Real Clip(Real x, double limit)           x limited to +-limit
//   std::vector<Real> Read(const std::vector<Real>& h)     a state as products read it: on its grid
//   Real Product(int64_t row, const std::vector<Real>& read, Real bias)    of a row of R, bias added

#include <cstddef>
#include <cstdint>
#include <vector>

#include "lowbit/core/recurrence.h"

namespace lowbit {

// What a recurrence is given beside R. Null where it is left out.
template <typename Real>
struct RecurrentInputs {
  const Real* gates = nullptr;           // [steps, batch, directions * gates * hidden], or batch first.
  const Real* candidate_bias = nullptr;  // [directions, hidden]: GRU's, of R's candidate, with linear_before_reset.
  const Real* lengths = nullptr;         // [batch]: steps of each sequence.
  const Real *initial_h = nullptr, *initial_c = nullptr;  // States.
  const Real* peepholes = nullptr;                        // [directions, 3 * hidden]: LSTM's, i, o, f.
};

template <typename Real>
struct RecurrentOutputs {
  std::vector<Real> y, h, c;  // Y [steps, directions, batch, hidden], Y_h, Y_c; or batch first.
};

// One direction.
template <class A>
class RecurrentCell {
 public:
  using Real = typename A::Real;
  using Vector = std::vector<Real>;

  RecurrentCell(const Recurrence& recurrence, const RecurrentInputs<Real>& inputs, const A& arithmetic,
                int64_t direction)
      : r_(recurrence), a_(arithmetic) {
    functions_ = r_.functions.data() + static_cast<size_t>(direction) * r_.FunctionsPerDirection();
    if (inputs.candidate_bias != nullptr) bias_ = inputs.candidate_bias + direction * r_.hidden;
    if (inputs.peepholes != nullptr) peepholes_ = inputs.peepholes + direction * 3 * r_.hidden;
  }

  // Takes the states to the next step. `gates`: of this step, sequence and direction.
  void Advance(const Real* gates, Vector* h, Vector* c) const {
    if (r_.cell == Recurrence::Cell::kRnn) return AdvanceRnn(gates, h);
    if (r_.cell == Recurrence::Cell::kGru) return AdvanceGru(gates, h);
    AdvanceLstm(gates, h, c);
  }

 private:
  Real Apply(size_t function, Real x) const {
    return a_.Apply(functions_[function], r_.clip > 0 ? a_.Clip(x, r_.clip) : x);
  }

  // h' = f(W x + R h)
  void AdvanceRnn(const Real* gates, Vector* h) const {
    const Vector read = a_.Read(*h);
    for (int64_t k = 0; k < r_.hidden; ++k) {
      (*h)[static_cast<size_t>(k)] = Apply(0, gates[k] + a_.Product(k, read, 0));
    }
  }

  // z = f(Wz x + Rz h); r = f(Wr x + Rr h); n = g(Wn x + Rn (r h)), or g(Wn x + r (Rn h)) with linear_before_reset;
  // h' = (1 - z) n + z h
  void AdvanceGru(const Real* gates, Vector* h) const {
    const Vector old = *h, read = a_.Read(old);
    Vector reset, gated;
    for (int64_t k = 0; k < r_.hidden; ++k) {
      const int64_t row = r_.hidden + k;
      reset.push_back(Apply(0, gates[row] + a_.Product(row, read, 0)));
      gated.push_back(reset.back() * old[static_cast<size_t>(k)]);
    }
    const Vector read_gated = a_.Read(gated);
    for (int64_t k = 0; k < r_.hidden; ++k) {
      const auto i = static_cast<size_t>(k);
      const int64_t row = 2 * r_.hidden + k;
      const Real z = Apply(0, gates[k] + a_.Product(k, read, 0));
      const Real state = r_.linear_before_reset
                             ? reset[i] * a_.Product(row, read, bias_ == nullptr ? Real{0} : bias_[k])
                             : a_.Product(row, read_gated, 0);
      const Real candidate = Apply(1, gates[row] + state);
      (*h)[i] = (Real{1} - z) * candidate + z * old[i];
    }
  }

  // i, o, f = f(W x + R h + P c), o with the new c; n = g(W x + R h); c' = f c + i n; h' = o h(c'). Rows: i, o, f, n.
  void AdvanceLstm(const Real* gates, Vector* h, Vector* c) const {
    const Vector read = a_.Read(*h);
    for (int64_t k = 0; k < r_.hidden; ++k) {
      const auto i = static_cast<size_t>(k);
      Real& cell = (*c)[i];
      const auto gate = [&](int64_t g) {
        const Real sum = gates[g * r_.hidden + k] + a_.Product(g * r_.hidden + k, read, 0);
        return g == 3 || peepholes_ == nullptr ? sum : sum + peepholes_[g * r_.hidden + k] * cell;
      };
      const Real in = Apply(0, gate(0)), forget = Apply(0, gate(2)), candidate = Apply(1, gate(3));
      cell = forget * cell + in * candidate;
      (*h)[i] = Apply(0, gate(1)) * a_.Apply(functions_[2], cell);
    }
  }

  const Recurrence& r_;
  const A& a_;
  const GateFunction* functions_;
  const Real *bias_ = nullptr, *peepholes_ = nullptr;
};

// All steps of all sequences in all directions. What lies beyond the end of a sequence is 0.
template <class A>
class RecurrentLayer {
 public:
  using Real = typename A::Real;
  using Vector = std::vector<Real>;

  RecurrentLayer(const Recurrence& recurrence, const RecurrentInputs<Real>& inputs) : r_(recurrence), in_(inputs) {
    out_.y.assign(static_cast<size_t>(Elements(r_.SequenceShape())), Real{0});
    out_.h.assign(static_cast<size_t>(Elements(r_.StateShape())), Real{0});
    out_.c = out_.h;
  }

  // `arithmetic`: of each direction.
  RecurrentOutputs<Real> Run(const std::vector<A>& arithmetic) {
    for (int64_t d = 0; d < r_.directions; ++d) {
      const RecurrentCell<A> cell(r_, in_, arithmetic[static_cast<size_t>(d)], d);
      for (int64_t n = 0; n < r_.batch; ++n) RunSequence(cell, d, n);
    }
    return std::move(out_);
  }

 private:
  Vector Initial(const Real* states, int64_t place) const {
    if (states == nullptr) return Vector(static_cast<size_t>(r_.hidden), Real{0});
    return Vector(states + place, states + place + r_.hidden);
  }

  // All steps, or what `lengths` says.
  int64_t LengthOf(int64_t n) const {
    int64_t length = in_.lengths == nullptr ? r_.steps : 0;
    while (length < r_.steps && static_cast<double>(length + 1) <= static_cast<double>(in_.lengths[n])) ++length;
    return length;
  }

  void RunSequence(const RecurrentCell<A>& cell, int64_t direction, int64_t n) {
    const int64_t state = r_.StatePlace(direction, n), length = LengthOf(n), rows = r_.Rows();
    Vector h = Initial(in_.initial_h, state), c = Initial(in_.initial_c, state);
    for (int64_t step = 0; step < length; ++step) {
      const int64_t t = r_.IsBackward(direction) ? length - 1 - step : step;
      cell.Advance(in_.gates + r_.Place(t, n, r_.directions * rows) + direction * rows, &h, &c);
      Store(h, SequencePlace(t, direction, n), &out_.y);
    }
    Store(h, state, &out_.h);
    Store(c, state, &out_.c);
  }

  int64_t SequencePlace(int64_t t, int64_t direction, int64_t n) const {
    if (r_.batch_first) return r_.Place(t, n, r_.directions * r_.hidden) + direction * r_.hidden;
    return ((t * r_.directions + direction) * r_.batch + n) * r_.hidden;
  }

  static void Store(const Vector& values, int64_t place, Vector* to) {
    for (size_t i = 0; i < values.size(); ++i) (*to)[static_cast<size_t>(place) + i] = values[i];
  }

  const Recurrence& r_;
  RecurrentInputs<Real> in_;
  RecurrentOutputs<Real> out_;
};

}  // namespace lowbit

#endif  // LOWBIT_CORE_RECURRENT_CELL_H_
