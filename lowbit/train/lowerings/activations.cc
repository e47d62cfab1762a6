#include <torch/torch.h>

#include <cmath>

#include "lowbit/train/lowering.h"

namespace lowbit::train {
namespace {

using Inputs = std::vector<at::Tensor>;

template <at::Tensor (*function)(const at::Tensor&)>
Kernel LowerUnary(const LoweringRequest&) {
  return [](const Inputs& in, Mode) { return function(in[0]); };
}

at::Tensor Same(const at::Tensor& x) { return x; }
at::Tensor Rectified(const at::Tensor& x) { return at::relu(x); }
at::Tensor Logistic(const at::Tensor& x) { return at::sigmoid(x); }
at::Tensor HyperbolicTangent(const at::Tensor& x) { return at::tanh(x); }

Kernel LowerLeakyRelu(const LoweringRequest& request) {
  const double slope = FloatAttribute(request.node, "alpha", 0.01);
  return [slope](const Inputs& in, Mode) { return at::leaky_relu(in[0], slope); };
}

Kernel LowerClip(const LoweringRequest& request) {
  const double low = request.Scalar(1, -INFINITY), high = request.Scalar(2, INFINITY);
  return [low, high](const Inputs& in, Mode) {
    at::Tensor result = in[0];
    if (low > -INFINITY) result = at::clamp_min(result, low);
    // ONNX: where low > high, the result is high.
    return high < INFINITY ? at::clamp_max(result, high) : result;
  };
}

Kernel LowerPRelu(const LoweringRequest&) {
  return [](const Inputs& in, Mode) { return at::where(in[0] < 0, in[0] * in[1], in[0]); };
}

template <at::Tensor (*function)(const at::Tensor&, int64_t)>
Kernel LowerAlongAxis(const LoweringRequest& request) {
  const int64_t axis = IntAttribute(request.node, "axis", -1);
  return [axis](const Inputs& in, Mode) { return function(in[0], axis); };
}

at::Tensor SoftmaxOf(const at::Tensor& x, int64_t axis) { return at::softmax(x, axis); }
at::Tensor LogSoftmaxOf(const at::Tensor& x, int64_t axis) { return at::log_softmax(x, axis); }

Kernel LowerDropout(const LoweringRequest& request) {
  const double ratio = request.Scalar(1, 0.5);
  return [ratio](const Inputs& in, Mode mode) { return at::dropout(in[0], ratio, mode == Mode::kTrain); };
}

}  // namespace

void AddActivations(LoweringTable* table) {
  (*table)["Identity"] = LowerUnary<Same>;
  (*table)["Relu"] = LowerUnary<Rectified>;
  (*table)["Sigmoid"] = LowerUnary<Logistic>;
  (*table)["Tanh"] = LowerUnary<HyperbolicTangent>;
  (*table)["LeakyRelu"] = LowerLeakyRelu;
  (*table)["PRelu"] = LowerPRelu;
  (*table)["Clip"] = LowerClip;
  (*table)["Softmax"] = LowerAlongAxis<SoftmaxOf>;
  (*table)["LogSoftmax"] = LowerAlongAxis<LogSoftmaxOf>;
  (*table)["Dropout"] = LowerDropout;
}

}  // namespace lowbit::train
