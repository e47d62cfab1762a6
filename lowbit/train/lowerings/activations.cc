#include <torch/types.h>

#include <cmath>

#include "lowbit/base/random.h"
#include "lowbit/train/dropout.h"
#include "lowbit/train/lowering.h"

namespace lowbit::train {
namespace {

using Inputs = std::vector<at::Tensor>;

at::Tensor SmoothRelu(const at::Tensor& x) { return at::softplus(x); }
at::Tensor SoftSign(const at::Tensor& x) { return x / (1 + at::abs(x)); }
at::Tensor MishOf(const at::Tensor& x) { return x * at::tanh(at::softplus(x)); }
// In double libtorch's own has a sixth of too few digits on CUDA.
at::Tensor HardSwishOf(const at::Tensor& x) {
  return x.scalar_type() == at::kDouble ? x * at::clamp(x + 3, 0, 6) / 6 : at::hardswish(x);
}

// In place where it may: one block of memory less to ask for and to write to. The gradient needs the result only.
Kernel LowerRelu(const LoweringRequest& request) {
  if (request.takes_relu) return [](const Inputs& in, Mode) { return in[0]; };
  const bool in_place = request.owns_input;
  return [in_place](const Inputs& in, Mode) {
    at::Tensor x = in[0];
    return in_place ? at::relu_(x) : at::relu(x);
  };
}

Kernel LowerLeakyRelu(const LoweringRequest& request) {
  const double slope = FloatAttribute(request.node, "alpha", 0.01);
  return [slope](const Inputs& in, Mode) { return at::leaky_relu(in[0], slope); };
}

Kernel LowerElu(const LoweringRequest& request) {
  const double alpha = FloatAttribute(request.node, "alpha", 1);
  return [alpha](const Inputs& in, Mode) { return at::elu(in[0], alpha); };
}

Kernel LowerCelu(const LoweringRequest& request) {
  const double alpha = FloatAttribute(request.node, "alpha", 1);
  return [alpha](const Inputs& in, Mode) { return at::celu(in[0], alpha); };
}

Kernel LowerSelu(const LoweringRequest& request) {
  const double alpha = FloatAttribute(request.node, "alpha", 1.67326319217681884765625);
  const double gamma = FloatAttribute(request.node, "gamma", 1.05070102214813232421875);
  return [alpha, gamma](const Inputs& in, Mode) { return at::elu(in[0], alpha, gamma); };
}

Kernel LowerThresholdedRelu(const LoweringRequest& request) {
  const double alpha = FloatAttribute(request.node, "alpha", 1);
  return [alpha](const Inputs& in, Mode) { return at::where(in[0] > alpha, in[0], at::zeros_like(in[0])); };
}

Kernel LowerShrink(const LoweringRequest& request) {
  const double limit = FloatAttribute(request.node, "lambd", 0.5), bias = FloatAttribute(request.node, "bias", 0);
  return [limit, bias](const Inputs& in, Mode) {
    const at::Tensor& x = in[0];
    return at::where(x < -limit, x + bias, at::where(x > limit, x - bias, at::zeros_like(x)));
  };
}

Kernel LowerGelu(const LoweringRequest& request) {
  const bool by_tanh = StringAttribute(request.node, "approximate", "none") == "tanh";
  const double outer = std::sqrt(2 / std::acos(-1.0)), inner = 0.044715;
  return [=](const Inputs& in, Mode) {
    const at::Tensor& x = in[0];
    if (by_tanh) return x / 2 * (1 + at::tanh(outer * (x + inner * x * x * x)));
    return x / 2 * (1 + at::erf(x / std::sqrt(2.0)));
  };
}

Kernel LowerHardSigmoid(const LoweringRequest& request) {
  const double alpha = FloatAttribute(request.node, "alpha", 0.2), beta = FloatAttribute(request.node, "beta", 0.5);
  return [alpha, beta](const Inputs& in, Mode) { return at::clamp(in[0] * alpha + beta, 0, 1); };
}

// Limits that the network computes.
Kernel ClipByTensors() {
  return [](const Inputs& in, Mode) {
    at::Tensor result = in[1].defined() ? at::maximum(in[0], in[1]) : in[0];
    return in.size() > 2 && in[2].defined() ? at::minimum(result, in[2]) : result;
  };
}

Kernel LowerClip(const LoweringRequest& request) {
  for (size_t i = 1; i < request.node.inputs.size(); ++i) {
    if (HasInput(request.node, i) && request.parameters[i] == nullptr) return ClipByTensors();
  }
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

Kernel LowerSoftmax(const LoweringRequest& request) {
  const int64_t axis = IntAttribute(request.node, "axis", -1);
  return [axis](const Inputs& in, Mode) { return at::softmax(in[0], axis); };
}

Kernel LowerLogSoftmax(const LoweringRequest& request) {
  const int64_t axis = IntAttribute(request.node, "axis", -1);
  return [axis](const Inputs& in, Mode) { return at::log_softmax(in[0], axis); };
}

Kernel LowerDropout(const LoweringRequest& request) {
  const double ratio = request.Scalar(1, 0.5);
  const uint32_t stream = StreamOf("dropout/" + request.node.name);
  const StepContext* step = request.step;
  return [=](const Inputs& in, Mode mode) {
    if (mode != Mode::kTrain || ratio == 0) return in[0];
    const CounterRandom random(step->seed, stream, static_cast<uint64_t>(step->iteration));
    return Dropout(in[0], ratio, random, step->first_image);
  };
}

}  // namespace

void AddActivations(LoweringTable* table) {
  (*table)["Celu"] = LowerCelu;
  (*table)["Relu"] = LowerRelu;
  (*table)["Selu"] = LowerSelu;
  (*table)["Shrink"] = LowerShrink;
  (*table)["ThresholdedRelu"] = LowerThresholdedRelu;
  (*table)["Sigmoid"] = LowerUnary<at::sigmoid>;
  (*table)["Tanh"] = LowerUnary<at::tanh>;
  (*table)["LeakyRelu"] = LowerLeakyRelu;
  (*table)["PRelu"] = LowerPRelu;
  (*table)["Clip"] = LowerClip;
  (*table)["HardSigmoid"] = LowerHardSigmoid;
  (*table)["HardSwish"] = LowerUnary<HardSwishOf>;
  (*table)["Softmax"] = LowerSoftmax;
  (*table)["LogSoftmax"] = LowerLogSoftmax;
  (*table)["Elu"] = LowerElu;
  (*table)["Gelu"] = LowerGelu;
  (*table)["Mish"] = LowerUnary<MishOf>;
  (*table)["Softplus"] = LowerUnary<SmoothRelu>;
  (*table)["Softsign"] = LowerUnary<SoftSign>;
  (*table)["Dropout"] = LowerDropout;
}

}  // namespace lowbit::train
