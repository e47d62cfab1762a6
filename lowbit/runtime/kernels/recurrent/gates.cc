#include "lowbit/runtime/kernels/recurrent/gates.h"

#include "lowbit/core/gate_functions.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lowbit/runtime/kernels/recurrent/gates.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "lowbit/runtime/epilogue-inl.h"
#include "lowbit/runtime/quantize-inl.h"

HWY_BEFORE_NAMESPACE();
namespace lowbit::runtime::kernels::recurrent::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using namespace ::lowbit::runtime::HWY_NAMESPACE;  // NOLINT: the shared parts of this target

using Tag = hn::ScalableTag<float>;
using Vector = hn::Vec<Tag>;

HWY_INLINE Vector Constant(float value) { return hn::Set(Tag(), value); }

// As core/gate_functions.h specifies it.
HWY_INLINE Vector ExpOfNegative(Vector x) {
  const hn::RebindToUnsigned<Tag> du;
  x = KeepAtLeast(x, Constant(gates::kLowest));
  const Vector shifted = hn::Add(hn::Mul(x, Constant(gates::kLog2E)), Constant(gates::kRound));
  const Vector n = hn::Sub(shifted, Constant(gates::kRound));
  const Vector r = hn::Sub(hn::Sub(x, hn::Mul(n, Constant(gates::kLn2High))), hn::Mul(n, Constant(gates::kLn2Low)));
  Vector p = Constant(gates::kTaylor[0]);
  for (int i = 1; i < 8; ++i) p = hn::Add(hn::Mul(p, r), Constant(gates::kTaylor[i]));
  const auto power = hn::Add(hn::ShiftLeft<23>(hn::BitCast(du, shifted)), hn::Set(du, 127u << 23));
  return hn::Mul(p, hn::BitCast(Tag(), power));
}

HWY_INLINE Vector Sigmoid(Vector x) {
  const Vector one = Constant(1), e = ExpOfNegative(hn::Neg(hn::Abs(x)));
  return hn::Div(hn::IfThenElse(hn::Lt(x, hn::Zero(Tag())), e, one), hn::Add(one, e));
}

HWY_INLINE Vector Tanh(Vector x) {
  const Vector one = Constant(1), e = ExpOfNegative(hn::Mul(Constant(-2), hn::Abs(x)));
  return hn::CopySign(hn::Div(hn::Sub(one, e), hn::Add(one, e)), x);
}

// The vector at `at` of one task.
class Units {
 public:
  HWY_INLINE Units(const GateSettings& settings, const GateTask& task, int64_t at)
      : settings_(settings), task_(task), at_(at) {}

  HWY_INLINE void Run() const {
    switch (settings_.phase) {
      case CellPhase::kRnn:
        return Store(Gate(0, 0), task_.next_h);
      case CellPhase::kGru:
        return RunGru();
      case CellPhase::kGruReset:
        Store(Gate(0, 0), task_.z);
        return Store(hn::Mul(Gate(0, 1), Load(task_.h)), task_.gated);
      case CellPhase::kGruCandidate:
        return Blend(Load(task_.z), Gate(1, 0));
      case CellPhase::kLstm:
        return RunLstm();
    }
  }

 private:
  HWY_INLINE Vector Load(const float* from) const { return hn::LoadU(Tag(), from + at_); }
  HWY_INLINE void Store(Vector v, float* to) const { hn::StoreU(v, Tag(), to + at_); }

  HWY_INLINE Vector Function(int function, Vector x) const {
    if (settings_.functions[function] == GateFunction::kTanh) return Tanh(x);
    if (settings_.functions[function] == GateFunction::kSigmoid) return Sigmoid(x);
    return KeepAtLeast(x, hn::Zero(Tag()));
  }
  HWY_INLINE Vector Clipped(int function, Vector x) const {
    return Function(function, KeepAtMost(KeepAtLeast(x, Constant(-settings_.clip)), Constant(settings_.clip)));
  }
  HWY_INLINE Vector Sum(int gate) const { return hn::Add(Load(task_.x[gate]), Load(task_.s[gate])); }
  HWY_INLINE Vector Gate(int function, int gate) const { return Clipped(function, Sum(gate)); }
  HWY_INLINE Vector PeepholeGate(int gate, Vector c) const {
    if (task_.peepholes[0] == nullptr) return Gate(0, gate);
    return Clipped(0, hn::Add(Sum(gate), hn::Mul(Load(task_.peepholes[gate]), c)));
  }

  // h' = (1 - z) n + z h
  HWY_INLINE void Blend(Vector z, Vector n) const {
    Store(hn::Add(hn::Mul(hn::Sub(Constant(1), z), n), hn::Mul(z, Load(task_.h))), task_.next_h);
  }

  HWY_INLINE void RunGru() const {
    const Vector state = hn::Mul(Gate(0, 1), Load(task_.s[2]));
    Blend(Gate(0, 0), Clipped(1, hn::Add(Load(task_.x[2]), state)));
  }

  HWY_INLINE void RunLstm() const {
    const Vector c = Load(task_.c), in = PeepholeGate(0, c), forget = PeepholeGate(2, c);
    const Vector next = hn::Add(hn::Mul(forget, c), hn::Mul(in, Gate(1, 3)));
    Store(next, task_.c);
    Store(hn::Mul(PeepholeGate(1, next), Function(2, next)), task_.next_h);
  }

  const GateSettings& settings_;
  const GateTask& task_;
  int64_t at_;
};

void Run(const GateSettings& settings, const GateTask& task) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(Tag()));
  for (int64_t at = 0; at < task.count; at += lanes) Units(settings, task, at).Run();
}

void Quantize(float inverse, int32_t most, int64_t count, const float* x, uint8_t* y) {
  ByteQuantizer quantizer;
  quantizer.scale = inverse;
  quantizer.high = static_cast<float>(most);
  quantizer.low = -quantizer.high;
  quantizer.shift = most;
  QuantizeRun(quantizer, count, x, y);
}

const GateKernel* Kernel() {
  static const GateKernel kernel = {HWY_TARGET, static_cast<int>(hn::Lanes(Tag())), &Run, &Quantize};
  return &kernel;
}

}  // namespace lowbit::runtime::kernels::recurrent::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lowbit::runtime {
namespace kernels::recurrent {
namespace {

HWY_EXPORT(Kernel);
const GateKernel& Choose() { return *HWY_DYNAMIC_DISPATCH(Kernel)(); }

}  // namespace
}  // namespace kernels::recurrent

const GateKernel& ChooseGateKernel() { return kernels::recurrent::Choose(); }

}  // namespace lowbit::runtime
#endif
