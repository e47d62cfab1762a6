#ifndef LOWBIT_TRAIN_LOWERING_H_
#define LOWBIT_TRAIN_LOWERING_H_

// How each operator becomes calls of libtorch. Includes libtorch; internal to the library.

#include <ATen/core/Tensor.h>

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "lowbit/core/graph.h"
#include "lowbit/train/activation_method.h"
#include "lowbit/train/network.h"

namespace lowbit::train {

// One tensor for each output of a node, or more: the last ones are what a node may leave out.
struct Outputs {
  Outputs(at::Tensor only) { all.push_back(std::move(only)); }           // NOLINT: what most kernels return.
  Outputs(std::vector<at::Tensor> several) : all(std::move(several)) {}  // NOLINT
  std::vector<at::Tensor> all;
};

// What a node computes of its inputs (undefined where left out). Differentiable.
using Kernel = std::function<Outputs(const std::vector<at::Tensor>& inputs, Mode mode)>;

// What a lowering sees of a node when the network is built.
struct LoweringRequest {
  const Node& node;
  std::vector<const Parameter*> parameters;  // By input; null where the input is not a parameter of the graph.
  std::vector<Shape> shapes;                 // By input; the batch, where there is one, stands for any.
  const BatchNormOptions& batch_norm;
  const StepContext* step;  // Of the step under way whenever a kernel runs; lives as long as the network.
  bool owns_input;          // The kernel may overwrite input 0.
  bool takes_relu;  // Input 0 is to go through a Relu first; a Relu itself: is to do nothing (relu_of_quantizer.h).
  const ActivationMethod* activation;  // Of the quantizers whose scale is trained, and of BipolarQuant; may be null.
  // Makes `start` a state tensor that a checkpoint keeps, "<node>/<word>", and returns it.
  std::function<at::Tensor(const std::string& word, const at::Tensor& start)> add_buffer;
  // A copy in the network's type and place.
  std::function<at::Tensor(const FloatTensor& tensor)> on_device;

  // Throws std::invalid_argument: "node 'name' (Op): rule".
  [[noreturn]] void Reject(const std::string& rule) const;
  // The elements of an integer input that is a parameter. Rejects one that is computed.
  const std::vector<int64_t>& Integers(size_t input) const;
  // The only element of a float input that is a parameter, or `otherwise` where it is left out.
  double Scalar(size_t input, double otherwise) const;
};

using Lower = Kernel (*)(const LoweringRequest& request);
using LoweringTable = std::map<std::string, Lower>;

// By ONNX operator name.
const LoweringTable& Lowerings();

// One for each file of lowbit/train/lowerings.
void AddActivations(LoweringTable* table);
void AddConvolutions(LoweringTable* table);
void AddFunctions(LoweringTable* table);
void AddLookups(LoweringTable* table);
void AddNormalizations(LoweringTable* table);
void AddPools(LoweringTable* table);
void AddProducts(LoweringTable* table);
void AddQuantizers(LoweringTable* table);
void AddRecurrent(LoweringTable* table);
void AddResampling(LoweringTable* table);
void AddShapes(LoweringTable* table);

// x w' + bias (may be undefined), by the fastest way that this libtorch has. x: [rows, columns]; w: [outputs, columns].
at::Tensor Linear(const at::Tensor& x, const at::Tensor& w, const at::Tensor& bias);

inline at::Tensor Same(const at::Tensor& x) { return x; }

template <at::Tensor (*function)(const at::Tensor&)>
Kernel LowerUnary(const LoweringRequest&) {
  return [](const std::vector<at::Tensor>& in, Mode) { return function(in[0]); };
}

template <at::Tensor (*function)(const at::Tensor&, const at::Tensor&)>
Kernel LowerBinary(const LoweringRequest&) {
  return [](const std::vector<at::Tensor>& in, Mode) { return function(in[0], in[1]); };
}

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_LOWERING_H_
