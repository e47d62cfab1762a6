#include "lowbit/runtime/model.h"

#include <algorithm>
#include <exception>
#include <new>
#include <utility>

#include "hwy/aligned_allocator.h"
#include "lowbit/base/error_in.h"
#include "lowbit/core/integer_form.h"
#include "lowbit/core/recurrent_form.h"
#include "lowbit/core/validate.h"
#include "lowbit/format/lbm/lbm.h"
#include "lowbit/runtime/conv_form.h"
#include "lowbit/runtime/kernel_check.h"
#include "lowbit/runtime/layout.h"
#include "lowbit/runtime/plan.h"
#include "lowbit/runtime/trim_kernels.h"

namespace lowbit::runtime {
namespace {

constexpr int64_t kMaxThreads = 1024, kMaxPiece = 4096;
constexpr int64_t kMaxBatch = int64_t{1} << 31;
constexpr int64_t kMaxArenaFloats = int64_t{1} << 34;
// Values of a piece should stay in a second-level cache; more images than this gain nothing.
constexpr int64_t kPieceFloats = int64_t{1} << 18, kUsefulPiece = 48;

// Memory that is asked for once.
class Buffer {
 public:
  Status Resize(int64_t floats) {
    if (floats <= floats_) return Ok();
    data_ = hwy::AllocateAligned<float>(static_cast<size_t>(floats));
    floats_ = data_ == nullptr ? 0 : floats;
    if (data_ != nullptr) return Ok();
    return Failed("not enough memory for " + std::to_string(floats * 4) + " bytes of activations");
  }
  float* data() const { return data_.get(); }
  int64_t floats() const { return floats_; }

 private:
  hwy::AlignedFreeUniquePtr<float[]> data_;
  int64_t floats_ = 0;
};

int64_t ChoosePiece(const Options& options, const Plan& plan) {
  if (options.piece != 0) return options.piece;
  return std::clamp<int64_t>(kPieceFloats / std::max<int64_t>(1, plan.arena_floats), 1, kUsefulPiece);
}

Status RefuseFallbacks(const std::vector<NodePlan>& nodes) {
  for (const NodePlan& node : nodes) {
    if (!node.fallback) continue;
    return Invalid("node '" + node.node + "' (" + node.op + ") would run by " + node.kernel + ": " + node.reason);
  }
  return Ok();
}

Status CheckOptions(const Options& options) {
  if (options.threads < 0 || options.threads > kMaxThreads) {
    return Invalid("threads must be in 0.." + std::to_string(kMaxThreads) + "; it is " +
                   std::to_string(options.threads));
  }
  if (options.piece < 0 || options.piece > kMaxPiece) {
    return Invalid("piece must be in 0.." + std::to_string(kMaxPiece) + "; it is " + std::to_string(options.piece));
  }
  return Ok();
}

std::vector<TensorInfo> Describe(const std::vector<PlannedValue>& values, bool any_batch) {
  std::vector<TensorInfo> infos;
  for (const PlannedValue& value : values) {
    infos.push_back({value.name, value.shape});
    if (any_batch && !infos.back().shape.empty()) infos.back().shape[0] = kDynamic;
  }
  return infos;
}

int64_t Images(const Shape& shape) { return shape.size() == 4 ? shape[0] : 1; }

ImageExtents Extents(const Shape& shape, int64_t elements) {
  return shape.size() == 4 ? ImageExtentsOf(shape) : ImageExtents{1, elements};
}

Status CheckSize(const char* what, const std::string& name, int64_t expected, size_t actual) {
  if (static_cast<uint64_t>(expected) == actual) return Ok();
  return Invalid(std::string(what) + " '" + name + "' has " + std::to_string(actual) + " values; expected " +
                 std::to_string(expected));
}

// What the standard library throws, out of memory or out of threads, becomes an error.
template <typename Body>
auto Guarded(const Body& body) -> decltype(body()) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return Failed("not enough memory for the network");
  } catch (const std::exception& thrown) {
    return Failed(std::string("the network cannot be run: ") + thrown.what());
  }
}

}  // namespace

struct Model::State {
  State(Plan p, const Options& o)
      : plan(std::move(p)), options(o), pool(o.threads == 0 ? HardwareThreads() : o.threads) {}

  std::string name;
  std::map<std::string, std::string> metadata;
  std::vector<TensorInfo> inputs, outputs;
  Plan plan;
  Options options;
  ThreadPool pool;
  bool independent = true;  // Any batch by the plan of one image.
  bool dynamic = false;     // Some input's batch is open.
  int64_t planned_batch = 1;
  // How many times the plan's shapes a batch is. REQUIRES: Prepare(batch) was ok
  int64_t Units(int64_t batch) const { return independent ? batch : batch / planned_batch; }
  int64_t piece = 1;  // Planned batches that the arena holds.
  Graph graph;        // Kept only where other batches need other plans.
  Buffer arena, scratch;
  int64_t scratch_floats = 0;  // For each thread.
  std::vector<float*> values;

  Status Allocate();
  void TakeImages(const float* from, int64_t images, const ImageExtents& extents, float* to);
  void RunPiece(const std::vector<Span<const float>>& given, int64_t first, int64_t count,
                const std::vector<Span<float>>& taken);
};

Status Model::State::Allocate() {
  piece = independent ? ChoosePiece(options, plan) : 1;
  if (plan.arena_floats > kMaxArenaFloats / piece) return Failed("a piece of that many images needs too much memory");
  LOWBIT_RETURN_IF_ERROR(arena.Resize(plan.arena_floats * piece));
  // A whole number of cache lines, so that threads do not write to the same one.
  scratch_floats = (plan.scratch_floats + kCacheLineFloats - 1) / kCacheLineFloats * kCacheLineFloats;
  LOWBIT_RETURN_IF_ERROR(scratch.Resize(scratch_floats * pool.threads()));
  values.clear();
  for (const int64_t offset : plan.offsets) values.push_back(arena.data() + offset * piece);
  return Ok();
}

// Reorders inputs: all threads share the images, or each image, if it is worth while.
void Model::State::TakeImages(const float* from, int64_t images, const ImageExtents& extents, float* to) {
  constexpr int64_t kTaskFloats = 1 << 12;
  const int64_t size = extents.channels * extents.pixels, threads = pool.threads();
  const int64_t pieces = images >= threads ? 1 : std::clamp<int64_t>(size / kTaskFloats, 1, threads);
  const int64_t pixels = (extents.pixels + pieces - 1) / pieces;
  if (images * size < kTaskFloats) return ToChannelsLast(from, images, extents, to);
  pool.ParallelFor(images * pieces, [&](int64_t i, int) {
    const int64_t image = i / pieces, first = i % pieces * pixels, count = std::min(pixels, extents.pixels - first);
    ToChannelsLast(from + image * size, extents, first, std::max<int64_t>(0, count), to + image * size);
  });
}

// Images [first, first + count) of the batch, in units of the planned batch.
void Model::State::RunPiece(const std::vector<Span<const float>>& given, int64_t first, int64_t count,
                            const std::vector<Span<float>>& taken) {
  pool.Rouse();
  RunContext context;
  context.values = values.data();
  context.batch = count;
  context.pool = &pool;
  context.scratch = scratch.data();
  context.scratch_floats = scratch_floats;
  for (size_t i = 0; i < given.size(); ++i) {
    const PlannedValue& input = plan.inputs[i];
    const int64_t elements = Elements(input.shape);
    TakeImages(given[i].data() + first * elements, Images(input.shape) * count, Extents(input.shape, elements),
               context.Value(input.number));
  }
  for (const std::unique_ptr<Step>& step : plan.steps) step->Run(context);
  for (size_t i = 0; i < taken.size(); ++i) {
    const PlannedValue& output = plan.outputs[i];
    const int64_t elements = Elements(output.shape);
    float* to = taken[i].data() + first * elements;
    if (output.constant != nullptr) {
      std::copy(output.constant->data.begin(), output.constant->data.end(), to);
    } else {
      ToChannelsFirst(context.Value(output.number), Images(output.shape) * count, Extents(output.shape, elements), to);
    }
  }
}

Model::Model(std::unique_ptr<State> state) : state_(std::move(state)) {}
Model::Model(Model&& other) noexcept = default;
Model& Model::operator=(Model&& other) noexcept = default;
Model::~Model() = default;

const std::string& Model::Name() const { return state_->name; }
const std::vector<TensorInfo>& Model::Inputs() const { return state_->inputs; }
const std::vector<TensorInfo>& Model::Outputs() const { return state_->outputs; }
const std::map<std::string, std::string>& Model::Metadata() const { return state_->metadata; }
const std::vector<NodePlan>& Model::Nodes() const { return state_->plan.nodes; }

int64_t Model::PlannedBytes() const {
  return (state_->arena.floats() + state_->scratch.floats()) * static_cast<int64_t>(sizeof(float));
}

Result<Model> Model::Load(const std::string& path, const Options& options) {
  LOWBIT_TRY(Graph graph, lbm::Read(path));
  Result<Model> model = FromGraph(graph, options);
  if (!model.ok()) return ErrorIn(path, model.error());
  return model;
}

Result<Model> Model::FromGraph(const Graph& graph, const Options& options) {
  return Guarded([&] { return Build(graph, options); });
}

Result<Model> Model::Build(const Graph& graph, const Options& options) {
  LOWBIT_RETURN_IF_ERROR(CheckOptions(options));
  LOWBIT_RETURN_IF_ERROR(Validate(graph));
  if (graph.outputs.empty()) return Invalid("graph '" + graph.name + "' has no output");
  if (QuantizesActivations(graph)) {
    LOWBIT_TRY(const Graph integers, ToIntegerForm(graph));
    return BuildExecutable(TrimKernels(ToConvolutions(integers)), options);
  }
  return BuildExecutable(TrimKernels(ToConvolutions(ToRecurrences(graph))), options);
}

Result<Model> Model::BuildExecutable(const Graph& graph, const Options& options) {
  const bool dynamic = std::any_of(graph.inputs.begin(), graph.inputs.end(), [](const GraphInput& input) {
    return !input.shape.empty() && input.shape[0] == kDynamic;
  });
  LOWBIT_TRY(Plan plan, MakePlan(graph, 1));
  const bool independent = plan.independent;
  if (options.strict) LOWBIT_RETURN_IF_ERROR(RefuseFallbacks(plan.nodes));
  if (options.self_test) LOWBIT_RETURN_IF_ERROR(TestKernels(graph, plan.nodes));
  auto state = std::make_unique<State>(std::move(plan), options);
  state->name = graph.name;
  state->metadata = graph.metadata;
  state->independent = independent;
  state->dynamic = dynamic;
  state->inputs = Describe(state->plan.inputs, independent);
  state->outputs = Describe(state->plan.outputs, independent);
  if (!independent) {
    for (size_t i = 0; i < graph.inputs.size(); ++i) state->inputs[i].shape = graph.inputs[i].shape;
    if (dynamic) state->graph = graph;
    if (!dynamic && !graph.inputs.empty() && !graph.inputs[0].shape.empty()) {
      state->planned_batch = graph.inputs[0].shape[0];
    }
  }
  LOWBIT_RETURN_IF_ERROR(state->Allocate());
  return Model(std::move(state));
}

Status Model::TestKernels(const Graph& graph, const std::vector<NodePlan>& nodes) {
  Options options;
  options.self_test = false;
  for (const KernelSample& sample : SampleKernels(graph, nodes)) {
    LOWBIT_TRY(Model model, BuildExecutable(sample.graph, options));
    std::vector<float> output(static_cast<size_t>(Elements(model.state_->plan.outputs[0].shape)));
    LOWBIT_RETURN_IF_ERROR(model.Run(sample.input, 1, output));
    LOWBIT_RETURN_IF_ERROR(CheckSample(sample, output));
  }
  return Ok();
}

// Makes the plan fit the batch.
Status Model::Prepare(int64_t batch) {
  State& state = *state_;
  if (batch < 1 || batch > kMaxBatch) {
    return Invalid("batch must be in 1..2^31; it is " + std::to_string(batch));
  }
  if (state.independent || batch == state.planned_batch) return Ok();
  if (!state.dynamic) {
    if (batch % state.planned_batch == 0) return Ok();
    return Invalid("graph '" + state.name + "' takes batches of " + std::to_string(state.planned_batch) +
                   ", and multiples of it; the batch is " + std::to_string(batch));
  }
  LOWBIT_TRY(state.plan, MakePlan(state.graph, batch));
  state.planned_batch = batch;
  return state.Allocate();
}

Result<Shape> Model::OutputShape(size_t i, int64_t batch) {
  LOWBIT_RETURN_IF_ERROR(Guarded([&] { return Prepare(batch); }));
  Shape shape = state_->plan.outputs[i].shape;
  const int64_t units = state_->Units(batch);
  if (shape.empty() && units > 1) return Shape{units};
  if (!shape.empty()) shape[0] *= units;
  return shape;
}

Result<int64_t> Model::OutputElements(size_t i, int64_t batch) {
  LOWBIT_TRY(const Shape shape, OutputShape(i, batch));
  return Elements(shape);
}

Status Model::Run(const std::vector<Span<const float>>& inputs, int64_t batch,
                  const std::vector<Span<float>>& outputs) {
  return Guarded([&] { return RunChecked(inputs, batch, outputs); });
}

Status Model::RunChecked(const std::vector<Span<const float>>& inputs, int64_t batch,
                         const std::vector<Span<float>>& outputs) {
  LOWBIT_RETURN_IF_ERROR(Prepare(batch));
  State& state = *state_;
  const Plan& plan = state.plan;
  if (inputs.size() != plan.inputs.size() || outputs.size() != plan.outputs.size()) {
    return Invalid("graph '" + state.name + "' has " + std::to_string(plan.inputs.size()) + " inputs and " +
                   std::to_string(plan.outputs.size()) + " outputs; given are " + std::to_string(inputs.size()) +
                   " and " + std::to_string(outputs.size()));
  }
  const int64_t units = state.Units(batch), piece = state.independent ? state.piece : 1;
  for (size_t i = 0; i < inputs.size(); ++i) {
    LOWBIT_RETURN_IF_ERROR(
        CheckSize("input", plan.inputs[i].name, Elements(plan.inputs[i].shape) * units, inputs[i].size()));
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    LOWBIT_RETURN_IF_ERROR(
        CheckSize("output", plan.outputs[i].name, Elements(plan.outputs[i].shape) * units, outputs[i].size()));
  }
  for (int64_t first = 0; first < units; first += piece) {
    state.RunPiece(inputs, first, std::min(piece, units - first), outputs);
  }
  return Ok();
}

Status Model::Run(Span<const float> input, int64_t batch, Span<float> output) {
  return Run(std::vector<Span<const float>>{input}, batch, std::vector<Span<float>>{output});
}

}  // namespace lowbit::runtime
