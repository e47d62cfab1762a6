#ifndef LOWBIT_TRAIN_NETWORK_H_
#define LOWBIT_TRAIN_NETWORK_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lowbit/core/graph.h"
#include "lowbit/train/method_plan.h"
#include "lowbit/train/step.h"
#include "lowbit/train/torch_fwd.h"

namespace lowbit::train {

namespace distributed {
class Group;
}

struct ActivationMethod;
struct TrainedParameter;

// How batch normalization keeps its running mean and variance in a training step (the batch's variance enters
// unbiased, divided by n - 1, in both).
struct BatchNormOptions {
  enum class Average {
    kEma,            // running = m * running + (1 - m) * batch, from the Graph's values on (usually 0 and 1).
    kBiasCorrected,  // Caffe: the same sums divided by the accumulated weight, so the first step's statistics count
                     // fully and the start values not at all.
  };
  Average average = Average::kEma;
  // m; negative: each node's attribute `momentum` (0.9 where it has none).
  double momentum = -1;
  // The statistics stay as they are and are used in training too; scale and shift are trained.
  bool frozen = false;
  // Two sets of statistics for one scale and shift ("state batch normalization"): those of the weights in training, named
  // "<node>/training_mean" and "<node>/training_variance" in Buffers(), which kTrain changes; and the Graph's own, of the
  // fully quantized weights, which kEstimate and kFollow change and all else reads.
  bool two_states = false;
  // Mean and variance are those of the batches of all ranks together; null: of this process's batch.
  distributed::Group* group = nullptr;
};

// What the network computes in.
enum class Arithmetic {
  kFloat32,
  kFloat64,  // For tests. Quantized layers stay float products, widened.
  // As kFloat64, each node's result rounded to float32: what core's Evaluate(Rounding::kFloat) defines. See
  // integer_network.h.
  kRounded,
};

// Where convolutions and products round their inputs to bfloat16 and sum in float32 (autocast); parameters, statistics and
// the loss stay float32.
enum class MixedPrecision {
  kOff,
  kTraining,  // In Mode::kTrain: evaluation answers as the packed network will.
};

enum class MemoryFormat { kAuto, kContiguous, kChannelsLast };

struct NetworkOptions {
  std::string device = "cpu";  // "cpu", "cuda", "cuda:1"
  // Of activations inside the network. kAuto: the faster, channels-last on the CPU and on CUDA with mixed precision,
  // contiguous otherwise. The two round differently.
  MemoryFormat memory_format = MemoryFormat::kAuto;
  // Twice as fast where the processor multiplies bfloat16 (on x86: AVX512-BF16), slower than float32 on other CPUs.
  // REQUIRES: kOff unless arithmetic is kFloat32.
  MixedPrecision mixed_precision = MixedPrecision::kOff;
  BatchNormOptions batch_norm;
  MethodPlan method;
  std::shared_ptr<const ActivationMethod> activation;  // Null: quantizers have the executor's own gradient.
  uint64_t seed = 0;                                   // Of what methods draw at their start.
  Arithmetic arithmetic = Arithmetic::kFloat32;
};

// What a person wants to watch, of one quantized layer.
struct LayerStatistics {
  std::string layer;                      // As RowWeight has it (core/row_weights.h): mostly the node.
  std::string parameter;                  // Its weight.
  int64_t weights = 0;                    // How many.
  double error = 0;                       // sum |W - Q| / sum |W|
  double mean_row_error = 0;              // Mean over output channels of the same ratio.
  double quantized_share = 0;             // Of the units, in the last training step; 0 for a float layer.
  double zero_share = 0;                  // Weights of Q that are 0.
  std::map<std::string, double> details;  // What the method adds.
};

enum class Weights {
  kFloat,   // The float master weights.
  kFrozen,  // Each quantized layer's weights as a QTensor.
};

// Executes a Graph with libtorch: the one executor, for every network. It owns the trained values; Export writes them
// back into a Graph. Not thread-safe. Throws std::exception (libtorch does too).
class Network {
 public:
  // Copies the graph's values to the device. Throws std::invalid_argument with one sentence if the graph is not valid,
  // has an operator without a lowering, or if the plan's `skip` names no node with a weight.
  static Network Create(const Graph& graph, const NetworkOptions& options);
  Network(Network&&) noexcept;
  Network& operator=(Network&&) noexcept;
  ~Network();

  // The first output for one batch: images [batch, channels, height, width] float, 0..255, on any device (moved if
  // need be). kTrain updates batch-norm statistics and draws dropout, a function of the context only; kEstimate
  // updates the statistics too. Where no gradients are wanted, call under at::NoGradGuard.
  at::Tensor Forward(const at::Tensor& images, Mode mode, const StepContext& context);
  // All outputs, for graphs with several inputs or outputs.
  std::vector<at::Tensor> Run(const std::vector<at::Tensor>& inputs, Mode mode, const StepContext& context);
  // Called with each node that is executed, its inputs and its first output, until another one is set; null: nobody watches. A
  // Relu that a quantizer does along (relu_of_quantizer.h) passes on what it reads.
  using Watcher =
      std::function<void(const Node& node, const std::vector<at::Tensor>& inputs, const at::Tensor& output)>;
  void Watch(Watcher watcher);
  // The methods' extra loss terms; an undefined tensor where there is none.
  at::Tensor Regularizer() const;

  // What the optimizer trains, and further state that a checkpoint keeps (batch-norm statistics, methods' buffers), by
  // name. The tensors are the live ones: copy_ into them under at::NoGradGuard to restore.
  const std::vector<TrainedParameter>& Parameters() const;
  std::map<std::string, at::Tensor> Buffers() const;
  // Those of the buffers that are running means and variances of batch normalizations.
  std::vector<at::Tensor> RunningStatistics() const;

  // The graph with the current values.
  Graph Export(Weights weights) const;

  // Of every trained weight of Conv, Gemm, LSTM, GRU and RNN, in the order of execution.
  std::vector<LayerStatistics> Statistics() const;
  // The current float weights of that layer, flat, for histograms.
  std::vector<float> LayerValues(const std::string& layer) const;

  const std::string& device() const;

 private:
  struct Impl;
  explicit Network(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_NETWORK_H_
