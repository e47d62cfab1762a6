#include "lowbit/runtime/kernels/broadcast/rows.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace lowbit::runtime {
namespace {

// The usual steps have loops of their own, for the compiler's vectors.
template <typename Function>
void Combine(const RowOperand& a, const RowOperand& b, int64_t n, float* y, Function f) {
  if (a.step == 1 && b.step == 1) {
    for (int64_t i = 0; i < n; ++i) y[i] = f(a.data[i], b.data[i]);
  } else if (a.step == 1 && b.step == 0) {
    const float second = b.data[0];
    for (int64_t i = 0; i < n; ++i) y[i] = f(a.data[i], second);
  } else if (a.step == 0 && b.step == 1) {
    const float first = a.data[0];
    for (int64_t i = 0; i < n; ++i) y[i] = f(first, b.data[i]);
  } else {
    for (int64_t i = 0; i < n; ++i) y[i] = f(a.data[i * a.step], b.data[i * b.step]);
  }
}

// Of two floats the sum, difference, product and quotient in float are those in double, rounded.
struct Add {
  float operator()(float a, float b) const { return a + b; }
};
struct Sub {
  float operator()(float a, float b) const { return a - b; }
};
struct Mul {
  float operator()(float a, float b) const { return a * b; }
};
struct Div {
  float operator()(float a, float b) const { return a / b; }
};
struct Larger {
  float operator()(float a, float b) const { return a < b ? b : a; }
};
struct Smaller {
  float operator()(float a, float b) const { return b < a ? b : a; }
};
struct LeakBelowZero {
  float operator()(float x, float slope) const { return x < 0 ? slope * x : x; }
};
struct And {
  float operator()(float a, float b) const { return a != 0 && b != 0 ? 1.0f : 0.0f; }
};
struct Or {
  float operator()(float a, float b) const { return a != 0 || b != 0 ? 1.0f : 0.0f; }
};
struct Xor {
  float operator()(float a, float b) const { return (a != 0) != (b != 0) ? 1.0f : 0.0f; }
};
struct Equal {
  float operator()(float a, float b) const { return a == b ? 1.0f : 0.0f; }
};
struct Greater {
  float operator()(float a, float b) const { return a > b ? 1.0f : 0.0f; }
};
struct GreaterOrEqual {
  float operator()(float a, float b) const { return a >= b ? 1.0f : 0.0f; }
};
struct Less {
  float operator()(float a, float b) const { return a < b ? 1.0f : 0.0f; }
};
struct LessOrEqual {
  float operator()(float a, float b) const { return a <= b ? 1.0f : 0.0f; }
};
// The remainder with the divisor's sign.
struct Modulo {
  float operator()(double a, double b) const { return static_cast<float>(a - b * std::floor(a / b)); }
};
struct DividendsModulo {
  float operator()(double a, double b) const { return static_cast<float>(std::fmod(a, b)); }
};
struct Power {
  float operator()(double a, double b) const { return static_cast<float>(b == 2 ? a * a : std::pow(a, b)); }
};

template <typename Function>
void Two(const RowOperand* operands, size_t, int64_t n, float* y) {
  Combine(operands[0], operands[1], n, y, Function());
}

// One after the other. REQUIRES: no result is rounded
template <typename Function>
void Any(const RowOperand* operands, size_t count, int64_t n, float* y) {
  Combine(operands[0], operands[count > 1 ? 1 : 0], n, y, Function());
  for (size_t k = 2; k < count; ++k) Combine({y, 1}, operands[k], n, y, Function());
}

template <bool kMean>
void Sum(const RowOperand* operands, size_t count, int64_t n, float* y) {
  for (int64_t i = 0; i < n; ++i) {
    double sum = operands[0].data[i * operands[0].step];
    for (size_t k = 1; k < count; ++k) sum += operands[k].data[i * operands[k].step];
    y[i] = static_cast<float>(kMean ? sum / static_cast<double>(count) : sum);
  }
}

void Where(const RowOperand* operands, size_t, int64_t n, float* y) {
  const RowOperand &condition = operands[0], &a = operands[1], &b = operands[2];
  for (int64_t i = 0; i < n; ++i) {
    y[i] = condition.data[i * condition.step] != 0 ? a.data[i * a.step] : b.data[i * b.step];
  }
}

struct Entry {
  const char* op;
  RowFunction function;
};

constexpr Entry kEntries[] = {{"Add", Two<Add>},
                              {"And", Two<And>},
                              {"Div", Two<Div>},
                              {"Equal", Two<Equal>},
                              {"Greater", Two<Greater>},
                              {"GreaterOrEqual", Two<GreaterOrEqual>},
                              {"Less", Two<Less>},
                              {"LessOrEqual", Two<LessOrEqual>},
                              {"Max", Any<Larger>},
                              {"Mean", Sum<true>},
                              {"Min", Any<Smaller>},
                              {"Mod", Two<Modulo>},
                              {"Mul", Two<Mul>},
                              {"Or", Two<Or>},
                              {"PRelu", Two<LeakBelowZero>},
                              {"Pow", Two<Power>},
                              {"Sub", Two<Sub>},
                              {"Sum", Sum<false>},
                              {"Where", Where},
                              {"Xor", Two<Xor>}};

}  // namespace

RowFunction FindRowFunction(const Node& node) {
  if (node.op == "Mod" && IntAttribute(node, "fmod", 0) != 0) return Two<DividendsModulo>;
  const auto* found =
      std::find_if(std::begin(kEntries), std::end(kEntries), [&](const Entry& entry) { return node.op == entry.op; });
  return found == std::end(kEntries) ? nullptr : found->function;
}

}  // namespace lowbit::runtime
