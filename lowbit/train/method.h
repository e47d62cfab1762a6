#ifndef LOWBIT_TRAIN_METHOD_H_
#define LOWBIT_TRAIN_METHOD_H_

// The trainable side of quantization: what a layer asks of its method (WeightMethod), the simplest way to write one
// (TensorQuantizer), and the frames of the shelves lowbit/train/methods and lowbit/train/policies. Includes libtorch.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lowbit/base/config.h"
#include "lowbit/base/result.h"
#include "lowbit/core/qtensor.h"
#include "lowbit/quant/row_quantizer.h"
#include "lowbit/train/parameter.h"
#include "lowbit/train/step.h"

namespace lowbit::train {

// A weight that a method takes over when a network is created.
struct LayerWeight {
  std::string layer;  // Name of the node that multiplies with it, as RowWeight has it (core/row_weights.h).
  std::string name;   // Name of the Graph's parameter.
  at::Tensor value;   // Its start: float, contiguous, the rows (output channels; directions) first; not shared.
  ParameterTraits traits;
  uint64_t seed = 0;  // Of the run, for what a method draws at its start; with the layer's name as the stream.
};

// What a person wants to watch, of one layer.
struct MethodStatistics {
  double error = 0;                       // sum |W - Q| / sum |W| over the layer; 0 where W = 0.
  double mean_row_error = 0;              // The mean over rows of the same ratio, e_i.
  double quantized_share = 1;             // Of the units, in the last training step.
  double zero_share = 0;                  // Weights of Q that are 0.
  std::map<std::string, double> details;  // What only this method has, by a word for metrics.jsonl.
};

// One quantized layer's weights in training.
class WeightMethod {
 public:
  virtual ~WeightMethod() = default;
  // The tensor that the layer multiplies with in this step, in the weight's shape; differentiable with respect to
  // parameters(). Outside of Mode::kTrain, without context.evaluate_hybrid, its elements equal Dequantize(Freeze()) bit
  // for bit.
  virtual at::Tensor Effective(Mode mode, const StepContext& context) = 0;
  // What the optimizer trains. The tensors' identity never changes.
  virtual std::vector<TrainedParameter> Parameters() const = 0;
  // Further state that a checkpoint keeps, named "<parameter>/<word>". Names and shapes never change.
  virtual NamedTensors Buffers() const { return {}; }
  // An extra term of the loss (a scalar); an undefined tensor stands for 0.
  virtual at::Tensor Regularizer() const { return {}; }
  // The float weights behind the low-bit ones, where the method has such; in the weight's shape, detached.
  virtual at::Tensor Master() const = 0;
  virtual QTensor Freeze() const = 0;
  virtual MethodStatistics Statistics() const = 0;
};

using MakeWeightMethod = std::function<std::unique_ptr<WeightMethod>(const LayerWeight& weight)>;

// Low-bit weights as tensors: W ~ scales[row] * levels[row, column].
struct QuantizedRows {
  at::Tensor levels;  // float [rows, columns]; each element is exactly a value of `values`.
  at::Tensor scales;  // float [rows] or [1].
  ValueSet values;
};

// A deterministic quantizer in tensor operations: the twin of quant::Quantizer, which is its specification.
// A method that is one of these is trained with a straight-through gradient, alone or under any policy.
class TensorQuantizer {
 public:
  virtual ~TensorQuantizer() = default;
  // What is quantized: the weights, or a differentiable function of them in their shape. Policies mix this with its quantized
  // values, and gradients go through it.
  virtual at::Tensor Prepare(const at::Tensor& weight) const { return weight; }
  // `rows`: float [rows, columns], any device, no gradient recorded. Sums are accumulated in double.
  virtual QuantizedRows Quantize(const at::Tensor& rows) const = 0;
  // The same by plain loops, which are faster on the CPU and replace Quantize there; null: there are none.
  virtual const quant::RowQuantizer* ByRows() const { return nullptr; }
};

// scales[row] * levels[row, column]: the one multiplication of Dequantize, hence the same bits.
at::Tensor Values(const QuantizedRows& quantized);
// The same numbers as a QTensor of that shape.
QTensor ToQTensor(const QuantizedRows& quantized, const Shape& shape);

// How far values [rows, columns] are from the rows that they stand for; quantized_share 1.
MethodStatistics Measure(const at::Tensor& rows, const at::Tensor& values);

// Forward `replacement`, backward the identity to `weight`: dL/dweight = dL/dresult, exactly, without clipping.
at::Tensor StraightThrough(const at::Tensor& weight, const at::Tensor& replacement);

// What a folder of lowbit/train/methods offers.
struct Method {
  // A deterministic quantizer, on which policies may sit; null for a method that trains in a way of its own.
  std::shared_ptr<const TensorQuantizer> quantizer;
  MakeWeightMethod make;
};

// A method that trains float master weights with the quantizer's straight-through gradient.
Method StraightThroughMethod(std::shared_ptr<const TensorQuantizer> quantizer);

// One row for each folder of lowbit/train/methods, made by CMake: lowbit::train::methods::<folder>::Create(options).
// `options` is [quantize.<folder>] of the recipe.
namespace methods {
struct ShelfEntry {
  const char* name;
  Result<Method> (*function)(const Config& options);
};
const std::vector<ShelfEntry>& ShelfEntries();
}  // namespace methods

// One row for each folder of lowbit/train/policies: lowbit::train::policies::<folder>::Create(quantizer, options).
namespace policies {
struct ShelfEntry {
  const char* name;
  Result<MakeWeightMethod> (*function)(std::shared_ptr<const TensorQuantizer> quantizer, const Config& options);
};
const std::vector<ShelfEntry>& ShelfEntries();
}  // namespace policies

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_METHOD_H_
