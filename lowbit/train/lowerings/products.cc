#include <torch/types.h>

#include "lowbit/train/conv_of_doubles.h"
#include "lowbit/train/lowering.h"

namespace lowbit::train {
// Without MKL libtorch leaves it to the system's BLAS, and Debian's default one is five times as slow as
// oneDNN, which computes the same product as a 1x1 convolution.
at::Tensor Linear(const at::Tensor& x, const at::Tensor& w, const at::Tensor& bias) {
  static const bool convolve = at::hasMKLDNN() && !at::hasMKL();
  const bool fits = x.is_cpu() && x.dim() == 2 && x.size(0) > 1;
  if (!convolve || !fits) return at::linear(x, w, bias);
  const at::Tensor pixels = x.reshape({x.size(0), x.size(1), 1, 1});
  const at::Tensor weight = w.reshape({w.size(0), w.size(1), 1, 1});
  const at::Tensor product =
      x.scalar_type() == at::kDouble ? ConvOfDoubles(pixels, weight, bias, {}) : at::conv2d(pixels, weight, bias);
  return product.reshape({x.size(0), w.size(0)});
}

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
      const at::Tensor product = Linear(in[0], in[1], row ? in[2] : at::Tensor());
      return bias && !row ? product + in[2] : product;
    };
  }
  return [=](const Inputs& in, Mode) {
    at::Tensor product = at::matmul(trans_a ? in[0].t() : in[0], trans_b ? in[1].t() : in[1]);
    if (alpha != 1) product = product * alpha;
    return bias ? product + in[2] * beta : product;
  };
}

at::Tensor Sum(const at::Tensor& a, const at::Tensor& b) { return at::add(a, b); }
at::Tensor Difference(const at::Tensor& a, const at::Tensor& b) { return at::sub(a, b); }
at::Tensor Product(const at::Tensor& a, const at::Tensor& b) { return at::mul(a, b); }
at::Tensor Quotient(const at::Tensor& a, const at::Tensor& b) { return at::div(a, b); }
at::Tensor Power(const at::Tensor& a, const at::Tensor& b) { return at::pow(a, b); }
at::Tensor Larger(const at::Tensor& a, const at::Tensor& b) { return at::maximum(a, b); }
at::Tensor Smaller(const at::Tensor& a, const at::Tensor& b) { return at::minimum(a, b); }
at::Tensor MatrixProduct(const at::Tensor& a, const at::Tensor& b) { return at::matmul(a, b); }

// Of any number of inputs.
template <at::Tensor (*function)(const at::Tensor&, const at::Tensor&)>
Kernel LowerVariadic(const LoweringRequest&) {
  return [](const Inputs& in, Mode) {
    at::Tensor result = in[0];
    for (size_t i = 1; i < in.size(); ++i) result = function(result, in[i]);
    return result;
  };
}

Kernel LowerMean(const LoweringRequest& request) {
  const Kernel sum = LowerVariadic<Sum>(request);
  return [sum](const Inputs& in, Mode mode) { return sum(in, mode).all[0] / static_cast<double>(in.size()); };
}

}  // namespace

void AddProducts(LoweringTable* table) {
  (*table)["Gemm"] = LowerGemm;
  (*table)["MatMul"] = LowerBinary<MatrixProduct>;
  (*table)["Add"] = LowerBinary<Sum>;
  (*table)["Sub"] = LowerBinary<Difference>;
  (*table)["Mul"] = LowerBinary<Product>;
  (*table)["Div"] = LowerBinary<Quotient>;
  (*table)["Pow"] = LowerBinary<Power>;
  (*table)["Max"] = LowerVariadic<Larger>;
  (*table)["Mean"] = LowerMean;
  (*table)["Min"] = LowerVariadic<Smaller>;
  (*table)["Sum"] = LowerVariadic<Sum>;
}

}  // namespace lowbit::train
