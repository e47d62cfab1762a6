#include "lowbit/runtime/kernels/unary/call.h"

#include <algorithm>
#include <string>
#include <utility>

namespace lowbit::runtime {

std::optional<UnaryCall> VectorCallOf(const Node& node) {
  using F = VectorFunction;
  static const std::pair<const char*, F> functions[] = {{"Abs", F::kAbs},
                                                        {"Ceil", F::kCeil},
                                                        {"Elu", F::kElu},
                                                        {"Erf", F::kErf},
                                                        {"Exp", F::kExp},
                                                        {"Floor", F::kFloor},
                                                        {"Gelu", F::kGelu},
                                                        {"HardSigmoid", F::kHardSigmoid},
                                                        {"HardSwish", F::kHardSwish},
                                                        {"Log", F::kLog},
                                                        {"Mish", F::kMish},
                                                        {"Neg", F::kNeg},
                                                        {"Reciprocal", F::kReciprocal},
                                                        {"Round", F::kRound},
                                                        {"Selu", F::kSelu},
                                                        {"Sigmoid", F::kSigmoid},
                                                        {"Softplus", F::kSoftplus},
                                                        {"Softsign", F::kSoftsign},
                                                        {"Sqrt", F::kSqrt},
                                                        {"Tanh", F::kTanh}};
  const auto found = std::find_if(std::begin(functions), std::end(functions),
                                  [&](const auto& function) { return node.op == function.first; });
  if (found == std::end(functions)) return std::nullopt;
  UnaryCall call;
  call.function = found->second;
  const auto read = [&](const char* name, double otherwise) {
    return static_cast<float>(FloatAttribute(node, name, otherwise));
  };
  if (node.op == "Elu") call.a = read("alpha", 1);
  if (node.op == "HardSigmoid") call.a = read("alpha", 0.2), call.b = read("beta", 0.5);
  if (node.op == "HardSwish") call.a = 1.0f / 6, call.b = 0.5f;
  if (node.op == "Selu")
    call.a = read("alpha", 1.67326319217681884765625), call.b = read("gamma", 1.05070102214813232421875);
  if (node.op == "Gelu" && StringAttribute(node, "approximate", "none") == "tanh") call.function = F::kGeluTanh;
  return call;
}

}  // namespace lowbit::runtime
