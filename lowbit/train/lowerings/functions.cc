// Functions of one element that no network calls its activation, and comparisons, which give 0 or 1.

#include <torch/types.h>

#include <map>

#include "lowbit/core/element_type.h"
#include "lowbit/train/lowering.h"

namespace lowbit::train {
namespace {

using Inputs = std::vector<at::Tensor>;

// In the type of x; what was true is 1.
at::Tensor AsNumbers(const at::Tensor& truth, const at::Tensor& x) { return truth.to(x.scalar_type()); }

at::Tensor RoundOf(const at::Tensor& x) { return at::round(x); }  // Halves to even.
at::Tensor NotOf(const at::Tensor& x) { return AsNumbers(x.eq(0), x); }
at::Tensor IsNanOf(const at::Tensor& x) { return AsNumbers(at::isnan(x), x); }

at::Tensor EqualOf(const at::Tensor& a, const at::Tensor& b) { return AsNumbers(a.eq(b), a); }
at::Tensor GreaterOf(const at::Tensor& a, const at::Tensor& b) { return AsNumbers(a.gt(b), a); }
at::Tensor GreaterOrEqualOf(const at::Tensor& a, const at::Tensor& b) { return AsNumbers(a.ge(b), a); }
at::Tensor LessOf(const at::Tensor& a, const at::Tensor& b) { return AsNumbers(a.lt(b), a); }
at::Tensor LessOrEqualOf(const at::Tensor& a, const at::Tensor& b) { return AsNumbers(a.le(b), a); }
at::Tensor AndOf(const at::Tensor& a, const at::Tensor& b) { return AsNumbers(a.ne(0).logical_and(b.ne(0)), a); }
at::Tensor OrOf(const at::Tensor& a, const at::Tensor& b) { return AsNumbers(a.ne(0).logical_or(b.ne(0)), a); }
at::Tensor XorOf(const at::Tensor& a, const at::Tensor& b) { return AsNumbers(a.ne(0).logical_xor(b.ne(0)), a); }
at::Tensor ModuloOf(const at::Tensor& a, const at::Tensor& b) { return a - b * at::floor(a / b); }
at::Tensor RemainderOf(const at::Tensor& a, const at::Tensor& b) { return at::fmod(a, b); }

Kernel LowerMod(const LoweringRequest& request) {
  const bool fmod = IntAttribute(request.node, "fmod", 0) != 0;
  return fmod ? LowerBinary<RemainderOf>(request) : LowerBinary<ModuloOf>(request);
}

Kernel LowerIsInf(const LoweringRequest& request) {
  const bool negative = IntAttribute(request.node, "detect_negative", 1) != 0;
  const bool positive = IntAttribute(request.node, "detect_positive", 1) != 0;
  return [=](const Inputs& in, Mode) {
    const at::Tensor& x = in[0];
    return AsNumbers(at::isinf(x).logical_and(x.gt(0) * positive + x.lt(0) * negative), x);
  };
}

Kernel LowerWhere(const LoweringRequest&) {
  return [](const Inputs& in, Mode) { return at::where(in[0].ne(0), in[1], in[2]); };
}

// The integers that core's ConvertTo makes, in double, since floats do not hold what is between the ends of 32 bits.
at::Tensor AsIntegers(const at::Tensor& x, ElementType type) {
  const lowbit::IntegerRange range = RangeOf(type);
  const at::Tensor wide = x.to(at::kDouble);
  if (BytesOf(type) == 8) return at::clamp(at::trunc(at::nan_to_num(wide, 0)), range.low, range.high);
  const double count = range.high - range.low + 1;
  const at::Tensor from_low = at::trunc(at::nan_to_num(wide, 0, 0, 0)) - range.low;
  return from_low - count * at::floor(from_low / count) + range.low;
}

Kernel LowerCast(const LoweringRequest& request) {
  const ElementType type = ElementTypeOf(IntAttribute(request.node, "to", 0)).value();
  if (type == ElementType::kBool) return [](const Inputs& in, Mode) { return AsNumbers(in[0].ne(0), in[0]); };
  if (IsInteger(type)) return [type](const Inputs& in, Mode) { return AsNumbers(AsIntegers(in[0], type), in[0]); };
  static const std::map<ElementType, at::ScalarType> floats = {{ElementType::kFloat16, at::kHalf},
                                                               {ElementType::kBfloat16, at::kBFloat16},
                                                               {ElementType::kFloat32, at::kFloat},
                                                               {ElementType::kFloat64, at::kDouble}};
  const at::ScalarType narrow = floats.at(type);
  return [narrow](const Inputs& in, Mode) { return in[0].to(narrow).to(in[0].scalar_type()); };
}

}  // namespace

void AddFunctions(LoweringTable* table) {
  (*table)["Abs"] = LowerUnary<at::abs>;
  (*table)["Acos"] = LowerUnary<at::acos>;
  (*table)["Acosh"] = LowerUnary<at::acosh>;
  (*table)["Asin"] = LowerUnary<at::asin>;
  (*table)["Asinh"] = LowerUnary<at::asinh>;
  (*table)["Atan"] = LowerUnary<at::atan>;
  (*table)["Atanh"] = LowerUnary<at::atanh>;
  (*table)["Cast"] = LowerCast;
  (*table)["Ceil"] = LowerUnary<at::ceil>;
  (*table)["Cos"] = LowerUnary<at::cos>;
  (*table)["Cosh"] = LowerUnary<at::cosh>;
  (*table)["Erf"] = LowerUnary<at::erf>;
  (*table)["Exp"] = LowerUnary<at::exp>;
  (*table)["Floor"] = LowerUnary<at::floor>;
  (*table)["Identity"] = LowerUnary<Same>;
  (*table)["IsInf"] = LowerIsInf;
  (*table)["IsNaN"] = LowerUnary<IsNanOf>;
  (*table)["Log"] = LowerUnary<at::log>;
  (*table)["Neg"] = LowerUnary<at::neg>;
  (*table)["Not"] = LowerUnary<NotOf>;
  (*table)["Reciprocal"] = LowerUnary<at::reciprocal>;
  (*table)["Round"] = LowerUnary<RoundOf>;
  (*table)["Sign"] = LowerUnary<at::sign>;
  (*table)["Sin"] = LowerUnary<at::sin>;
  (*table)["Sinh"] = LowerUnary<at::sinh>;
  (*table)["Sqrt"] = LowerUnary<at::sqrt>;
  (*table)["Tan"] = LowerUnary<at::tan>;

  (*table)["And"] = LowerBinary<AndOf>;
  (*table)["Equal"] = LowerBinary<EqualOf>;
  (*table)["Greater"] = LowerBinary<GreaterOf>;
  (*table)["GreaterOrEqual"] = LowerBinary<GreaterOrEqualOf>;
  (*table)["Less"] = LowerBinary<LessOf>;
  (*table)["LessOrEqual"] = LowerBinary<LessOrEqualOf>;
  (*table)["Mod"] = LowerMod;
  (*table)["Or"] = LowerBinary<OrOf>;
  (*table)["Where"] = LowerWhere;
  (*table)["Xor"] = LowerBinary<XorOf>;
}

}  // namespace lowbit::train
