#ifndef LOWBIT_RUNTIME_MODEL_H_
#define LOWBIT_RUNTIME_MODEL_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/base/span.h"
#include "lowbit/core/graph.h"

namespace lowbit::runtime {

struct Options {
  // Threads that Run uses, the caller's included; 0: as many as the machine has. The numbers that come out do not
  // depend on it.
  int threads = 1;
  // Images that go through the network together; larger batches run in pieces of this size. 0: chosen so that their
  // values fit into the processor's cache. Numbers do not depend on it. At most 4096.
  int64_t piece = 0;
  // Refuse a network of which a node would run by a fallback (NodePlan::fallback).
  bool strict = false;
  // Whether a part of a layer for each kernel is compared with the operators' definitions before the model is given out
  // (kernel_check.h); takes a few milliseconds.
  bool self_test = true;
};

// What enters or leaves a model: float, row-major (images NCHW), as in the graph.
struct TensorInfo {
  std::string name;
  // The first extent is kDynamic where the graph takes any batch. (The outputs of a graph that mixes the images of a
  // batch have the shape for a batch of one.)
  Shape shape;
};

// Which code runs a node.
struct NodePlan {
  std::string node, op;
  std::string kernel;      // operation_activations_weights: "conv_f32_ternary"; "evaluate_f64" is the slow way out,
                           // "alias" costs nothing, "constant" was computed at load.
  std::string target;      // Highway's name of the instruction set: "AVX3"; empty for plain code.
  std::string fused_into;  // The node whose kernel does this one's work too; empty: its own.
  std::string reason;      // Why no better kernel runs it; empty: this is the best.
  // Slower than it has to be: an operator without a kernel, or a product of floats in a network of integers.
  bool fallback = false;
};

// A network ready to run. Low-bit weights stay low-bit: they are re-packed for the processor's vectors at load and
// decoded in registers. Moves, does not copy. Run changes the model's memory: one call at a time for each Model.
//
//   LOWBIT_TRY(auto model, runtime::Model::Load("net.lbm", {}));
//   std::vector<float> logits(batch * 10);
//   LOWBIT_RETURN_IF_ERROR(model.Run(pixels, batch, logits));
class Model {
 public:
  // Reads and checks a packed file. Errors: as lbm::Read, FromGraph; an option out of range.
  static Result<Model> Load(const std::string& path, const Options& options = {});
  // Errors: as Validate; a graph without outputs; one that needs more memory than there is; a fallback where
  // options.strict forbids it; a kernel that fails the self-test.
  static Result<Model> FromGraph(const Graph& graph, const Options& options = {});

  Model(Model&& other) noexcept;
  Model& operator=(Model&& other) noexcept;
  ~Model();

  const std::string& Name() const;
  const std::vector<TensorInfo>& Inputs() const;
  const std::vector<TensorInfo>& Outputs() const;
  // The graph's free texts: "labels" (one class name a line), "dataset", ...
  const std::map<std::string, std::string>& Metadata() const;
  // A row for each node, in the graph's order.
  const std::vector<NodePlan>& Nodes() const;
  // What the model keeps for activations and scratch, all threads together. A Run of a graph whose images are not
  // independent of each other may plan anew, and changes it.
  int64_t PlannedBytes() const;

  // The shape of output `i` for that batch. n times a fixed batch gives n times the first extent, and n numbers, {n}, where
  // the graph gives one, {}. Errors: as Run. REQUIRES: i < Outputs().size()
  Result<Shape> OutputShape(size_t i, int64_t batch);
  // Its elements.
  Result<int64_t> OutputElements(size_t i, int64_t batch);

  // Computes the outputs of a batch. A graph with a fixed batch takes n times as many too, as n runs of their own; what
  // they give, of each output, comes one after the other. Errors: wrong number of inputs or outputs, or of elements in
  // one of them; a batch below 1 or above 2^31, or no multiple of the extent of a graph with a fixed batch.
  Status Run(const std::vector<Span<const float>>& inputs, int64_t batch, const std::vector<Span<float>>& outputs);
  // The same for a graph with one input and one output.
  Status Run(Span<const float> input, int64_t batch, Span<float> output);

 private:
  struct State;
  explicit Model(std::unique_ptr<State> state);
  static Result<Model> Build(const Graph& graph, const Options& options);
  static Result<Model> BuildExecutable(const Graph& graph, const Options& options);
  static Status TestKernels(const Graph& graph, const std::vector<NodePlan>& nodes);
  Status Prepare(int64_t batch);
  Status RunChecked(const std::vector<Span<const float>>& inputs, int64_t batch,
                    const std::vector<Span<float>>& outputs);

  std::unique_ptr<State> state_;
};

}  // namespace lowbit::runtime

#endif  // LOWBIT_RUNTIME_MODEL_H_
