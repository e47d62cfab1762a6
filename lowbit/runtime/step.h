#ifndef LOWBIT_RUNTIME_STEP_H_
#define LOWBIT_RUNTIME_STEP_H_

// The frame of the shelf lowbit/runtime/kernels: what each kernel's folder defines (Lower), and what it is given.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lowbit/base/thread_pool.h"
#include "lowbit/core/channel_affine.h"
#include "lowbit/core/graph.h"
#include "lowbit/runtime/bytes.h"
#include "lowbit/runtime/epilogue.h"
#include "lowbit/runtime/weights.h"

namespace lowbit::runtime {

// Where a step finds its data while it runs.
//
// Values of rank 4 are stored NHWC, all others row-major. A plan is made for a number of images that its shapes state,
// and runs `batch` times as many: the first extent of every shape counts `batch` times.
struct RunContext {
  float* const* values = nullptr;  // By value number.
  int64_t batch = 1;
  ThreadPool* pool = nullptr;
  float* scratch = nullptr;  // scratch_floats for each thread.
  int64_t scratch_floats = 0;

  float* Value(int number) const { return values[number]; }
  uint8_t* Bytes(int number) const { return reinterpret_cast<uint8_t*>(values[number]); }
  float* Scratch(int thread) const { return scratch + thread * scratch_floats; }
};

// One kernel call of a plan. It may run one or several nodes of the graph.
class Step {
 public:
  virtual ~Step() = default;
  virtual void Run(const RunContext& context) const = 0;

  std::string kernel;     // operation_activations_weights: "conv_f32_ternary".
  std::string reason;     // Why no better kernel runs: "its input is no quantized value"; empty: this is the best.
  bool fallback = false;  // Slower than such a node has to be; Options::strict refuses it.
  std::string target;     // "AVX3"; empty where there is no code of its own for each instruction set.
  std::vector<std::string> reads, writes;  // Values of the graph.
  std::vector<size_t> nodes;               // Positions in Graph::nodes, in the order in which they apply.
  int64_t scratch_floats = 0;              // For each thread, 64-byte aligned.

  // The numbers of `reads` and `writes`; the planner's to fill.
  std::vector<int> inputs, outputs;
};

// A chain of elementwise nodes that a kernel applies to its result before it stores it.
struct Fusion {
  std::string output;         // The value that the chain ends in.
  std::vector<size_t> nodes;  // The nodes of the chain.
  std::string residual;       // A value of the same shape that is added; empty: none.
  float residual_unit = 1;    // Times this, where it is the byte form of a value.
  ChannelAffine affine;       // Then this, the residual, slope and clip: as in Epilogue.
  std::vector<double> slope;
  double low, high;
  bool activated = false;                  // Nothing more fits in, but
  std::optional<ByteQuantizer> quantizer;  // this, which comes last; then `output` is stored as bytes.

  // The output of a low-bit product is a sum of table values; this multiplies the chain's scale by the tensor's scales
  // and by `factor`, for the channels that are the source's rows.
  void MultiplyScales(const WeightSource& source, double factor);
  Epilogue Rounded() const;
};

// What turns nodes into steps: the graph with its shapes, and the nodes that are already done.
class Lowering {
 public:
  // `shapes` has every value; `constants` those that nodes compute from parameters alone. Both outlive this.
  Lowering(const Graph& graph, const std::map<std::string, Shape>& shapes,
           const std::map<std::string, Parameter>& constants, bool takes_any_batch);

  const Graph& graph() const { return graph_; }
  // Whether the graph is an integer form: its activations are quantized, and each operation rounds on its own.
  bool InIntegers() const { return exact_; }
  // Whether the plan runs any number of images (RunContext::batch), else those of its shapes alone.
  bool TakesAnyBatch() const { return takes_any_batch_; }
  // Of the value, or of its bytes.
  const Shape& ShapeOf(const std::string& value) const { return shapes_.at(ValueOf(value)); }
  // The parameter or folded constant of that name, or null where the value depends on an input.
  const Parameter* Constant(const std::string& value) const;
  // The same if it is a float tensor, else null.
  const FloatTensor* FloatConstant(const std::string& value) const;

  // The number of a value that is not constant. Once all nodes are lowered.
  int Number(const std::string& value);
  // Makes `value` another name of `of`: same memory, same order of elements. Before either has a number.
  void Alias(const std::string& value, const std::string& of);
  int value_count() const { return static_cast<int>(floats_.size()); }
  int64_t FloatsOf(int number) const { return floats_[static_cast<size_t>(number)]; }

  // The identity on `value`.
  Fusion StartFusion(const std::string& value) const;
  // The value's shape as chains see it: the second extent counts the channels, which are stored last. Of other ranks than 2
  // and 4 all elements are one channel.
  Shape ChannelShape(const std::string& value) const;
  // As which bytes the value is stored, or null for a value that is stored as floats only. A value of bytes has two
  // names: BytesName(value) stands for its bytes, `value` for floats that the planner makes of them where they are read.
  const ByteFormat* BytesOf(const std::string& value) const;
  // The Mul that makes the value of a value of bytes and one number, or null.
  const Node* UnitOfBytes(const std::string& value) const;
  static std::string BytesName(const std::string& value) { return value + "\n(bytes)"; }
  static std::string ValueOf(const std::string& name) { return name.substr(0, name.find('\n')); }

  // Appends the node to the chain if it is one that fits: per-channel arithmetic (batch normalization, Add, Sub, Mul or
  // Div with a constant for each channel or for all), then at most one Add of an equally shaped value, then at most one
  // of Relu, Clip, PRelu.
  bool Absorb(size_t node, Fusion* fusion) const;
  // Absorbs for as long as the chain's output is read by one node alone and is no output of the graph.
  void AbsorbConsumers(Fusion* fusion) const;
  // Then the quantizer that makes bytes of the chain's output, if that is the only reader.
  void AbsorbQuantizer(Fusion* fusion) const;
  // The name under which the chain's output is stored.
  static std::string StoredName(const Fusion& fusion) {
    return fusion.quantizer.has_value() ? BytesName(fusion.output) : fusion.output;
  }

  // The chain that begins with the output of product `node` (Conv, Gemm), which lacks its bias so far.
  // `takes_bytes`: the kernel adds residuals of bytes.
  Fusion FuseProduct(size_t node, const std::vector<double>& bias, bool takes_bytes = false) const;

  // The only node that reads the value, if it is no output of the graph; else the number of nodes.
  size_t OnlyReader(const std::string& value) const;
  // The node that makes the value, if it is one.
  std::optional<size_t> Producer(const std::string& value) const;

  // Whether the node's work is part of a step.
  bool Done(size_t node) const { return done_[node]; }
  void MarkDone(const std::vector<size_t>& nodes);

 private:
  bool AbsorbAffine(const Node& node, Fusion* fusion) const;
  bool AbsorbResidual(const Node& node, Fusion* fusion) const;
  bool AbsorbByteResidual(Fusion* fusion) const;
  void FindBytes();
  bool AbsorbActivation(const Node& node, Fusion* fusion) const;
  bool IsGraphOutput(const std::string& value) const;

  const Graph& graph_;
  const std::map<std::string, Shape>& shapes_;
  const std::map<std::string, Parameter>& constants_;
  std::map<std::string, std::string> aliases_;
  std::map<std::string, int> numbers_;
  std::vector<int64_t> floats_;
  std::map<std::string, std::vector<size_t>> consumers_;
  std::map<std::string, size_t> producers_;
  std::map<std::string, ByteFormat> bytes_;  // By value.
  std::vector<bool> done_;
  bool exact_;            // InIntegers().
  bool takes_any_batch_;  // TakesAnyBatch().
};

// The quantizer that the node is, if its integers are stored as bytes.
std::optional<ByteQuantizer> ReadByteQuantizer(const Node& node, const Lowering& lowering);

namespace kernels {

// One row for each folder of lowbit/runtime/kernels, made by CMake: lowbit::runtime::kernels::<folder>::Lower().
//
// Lower returns the step that runs the node (position `node` in the graph), possibly with nodes that follow it, or null
// if the node is none of this kernel's. The node depends on an input; every kernel handles operators or cases that no
// other does. Of an operator with several outputs a node has the first ones, at least one.
struct ShelfEntry {
  const char* name;
  std::unique_ptr<Step> (*function)(size_t node, Lowering* lowering);
};
const std::vector<ShelfEntry>& ShelfEntries();

}  // namespace kernels
}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_STEP_H_
