#include <torch/torch.h>

#include "lowbit/train/lowering.h"

namespace lowbit::train {
namespace {

using Inputs = std::vector<at::Tensor>;

// alpha A' B' + beta C; see core/ops for the rule.
Kernel LowerGemm(const LoweringRequest& request) {
  const Node& node = request.node;
  const double alpha = FloatAttribute(node, "alpha", 1), beta = FloatAttribute(node, "beta", 1);
  const bool trans_a = IntAttribute(node, "transA", 0) != 0, trans_b = IntAttribute(node, "transB", 0) != 0;
  const bool bias = HasInput(node, 2);
  if (alpha == 1 && beta == 1 && !trans_a && trans_b) {
    return [bias](const Inputs& in, Mode) {
      const bool row = bias && in[2].dim() == 1 && in[2].size(0) == in[1].size(0);
      const at::Tensor product = at::linear(in[0], in[1], row ? in[2] : at::Tensor());
      return bias && !row ? product + in[2] : product;
    };
  }
  return [=](const Inputs& in, Mode) {
    at::Tensor product = at::matmul(trans_a ? in[0].t() : in[0], trans_b ? in[1].t() : in[1]);
    if (alpha != 1) product = product * alpha;
    return bias ? product + in[2] * beta : product;
  };
}

template <at::Tensor (*function)(const at::Tensor&, const at::Tensor&)>
Kernel LowerBinary(const LoweringRequest&) {
  return [](const Inputs& in, Mode) { return function(in[0], in[1]); };
}

at::Tensor Sum(const at::Tensor& a, const at::Tensor& b) { return at::add(a, b); }
at::Tensor Difference(const at::Tensor& a, const at::Tensor& b) { return at::sub(a, b); }
at::Tensor Product(const at::Tensor& a, const at::Tensor& b) { return at::mul(a, b); }
at::Tensor Quotient(const at::Tensor& a, const at::Tensor& b) { return at::div(a, b); }
at::Tensor MatrixProduct(const at::Tensor& a, const at::Tensor& b) { return at::matmul(a, b); }

}  // namespace

void AddProducts(LoweringTable* table) {
  (*table)["Gemm"] = LowerGemm;
  (*table)["MatMul"] = LowerBinary<MatrixProduct>;
  (*table)["Add"] = LowerBinary<Sum>;
  (*table)["Sub"] = LowerBinary<Difference>;
  (*table)["Mul"] = LowerBinary<Product>;
  (*table)["Div"] = LowerBinary<Quotient>;
}

}  // namespace lowbit::train
