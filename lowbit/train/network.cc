#include "lowbit/train/network.h"

#include <ATen/autocast_mode.h>
#include <torch/types.h>
#include <torch/version.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <utility>

#include "lowbit/base/suggest.h"
#include "lowbit/core/row_weights.h"
#include "lowbit/core/validate.h"
#include "lowbit/train/lowering.h"
#include "lowbit/train/method.h"
#include "lowbit/train/relu_of_quantizer.h"

namespace lowbit::train {
namespace {

// One node, ready to run. Values live in numbered slots.
struct Step {
  Kernel kernel;
  std::vector<int> inputs;  // -1: left out.
  std::vector<int> outputs;
  std::vector<int> last_uses;  // Slots that no later step reads.
};

// A trained weight that may be quantized.
struct Layer {
  std::string name;
  std::string parameter;
  int slot = 0;
  WeightMethod* method = nullptr;  // Null: float weights.
};

at::Tensor ToTorch(const FloatTensor& tensor) {
  // from_blob wants a mutable pointer; clone() copies at once.
  auto* data = const_cast<float*>(tensor.data.data());
  return at::from_blob(data, tensor.shape, at::kFloat).clone();
}

FloatTensor FromTorch(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.detach().to(at::kCPU, at::kFloat).contiguous();
  FloatTensor result(tensor.sizes().vec());
  std::copy_n(flat.data_ptr<float>(), flat.numel(), result.data.data());
  return result;
}

bool IsTrained(const ParameterTraits& traits) {
  return traits.role == ParameterTraits::Role::kWeight || traits.role == ParameterTraits::Role::kBias;
}

// Inputs of the node that are trained weights and may be quantized.
std::vector<RowWeight> TrainedWeightsOf(const Graph& graph, const Node& node) {
  std::vector<RowWeight> trained;
  for (RowWeight& each : RowWeightsOf(node)) {
    const auto weight = graph.parameters.find(node.inputs[each.input]);
    const bool is_trained =
        weight != graph.parameters.end() && weight->second.traits.role == ParameterTraits::Role::kWeight;
    if (is_trained) trained.push_back(std::move(each));
  }
  return trained;
}

// Runs convolutions and products of the enclosing scope in bfloat16.
class Autocast {
 public:
  Autocast(bool enabled, at::DeviceType device) : enabled_(enabled), device_(device) {
    if (enabled_) Enable(true);
  }
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;
  ~Autocast() {
    if (!enabled_) return;
    at::autocast::clear_cache();
    Enable(false);
  }

 private:
  void Enable(bool on) const {
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
    at::autocast::set_autocast_dtype(device_, at::kBFloat16);
    at::autocast::set_autocast_enabled(device_, on);
#else
    if (device_ == at::kCPU) {
      at::autocast::set_autocast_cpu_dtype(at::kBFloat16);
      at::autocast::set_cpu_enabled(on);
    } else {
      at::autocast::set_autocast_gpu_dtype(at::kBFloat16);
      at::autocast::set_enabled(on);
    }
#endif
  }

  bool enabled_;
  at::DeviceType device_;
};

}  // namespace

struct Network::Impl {
  Graph graph;  // As given; values of trained parameters and statistics are stale.
  NetworkOptions options;
  at::Device device{at::kCPU};
  at::ScalarType type = at::kFloat;
  bool channels_last = false;

  std::map<std::string, Shape> shapes;  // Of all values, for a batch of one.
  std::map<std::string, int> slots;
  std::vector<at::Tensor> fixed;  // By slot: parameters; undefined for values that a step computes.
  std::vector<Step> steps;
  StepContext context;  // Of the pass under way.
  Watcher watcher;
  std::vector<int> inputs, outputs;
  std::vector<Layer> layers;
  // The Relu, by the name of a quantizer that does it along and by its own.
  std::map<std::string, const Node*> relus_taken;
  std::map<std::string, std::unique_ptr<WeightMethod>> methods;  // By parameter.
  std::vector<TrainedParameter> parameters;
  NamedTensors buffers;

  int AddSlot(const std::string& name, const at::Tensor& value);
  void ReadDevice();
  void AddMethods();
  void AddMethod(const std::string& layer, const std::string& name);
  void AddParameter(const std::string& name, const Parameter& parameter);
  void AddLayers();
  void AddSteps();
  bool OwnsInput(const Node& node) const;
  Kernel Lowered(const Node& node);
  void FindRelusOfQuantizers();
  void FindLastUses();
  at::Tensor ToDevice(const at::Tensor& tensor) const;
  at::Tensor Prepared(const at::Tensor& input, size_t i) const;
  at::Tensor Rounded(const at::Tensor& result) const {
    return options.arithmetic == Arithmetic::kRounded ? result.to(at::kFloat).to(at::kDouble) : result;
  }
  // The float weights of a layer.
  at::Tensor Master(const Layer& layer) const {
    return layer.method == nullptr ? fixed[static_cast<size_t>(layer.slot)] : layer.method->Master();
  }
};

int Network::Impl::AddSlot(const std::string& name, const at::Tensor& value) {
  const int slot = static_cast<int>(fixed.size());
  slots[name] = slot;
  fixed.push_back(value);
  return slot;
}

void Network::Impl::ReadDevice() {
  try {
    device = at::Device(options.device);
  } catch (const std::exception&) {
    throw std::invalid_argument("device '" + options.device + "' is not one: expected cpu, cuda or cuda:<number>");
  }
  if (!device.is_cpu() && !device.is_cuda()) {
    throw std::invalid_argument("device '" + options.device + "' is not one: expected cpu, cuda or cuda:<number>");
  }
  if (device.is_cuda() && !at::hasCUDA()) {
    throw std::invalid_argument("device '" + options.device + "': libtorch finds no CUDA device");
  }
  type = options.arithmetic == Arithmetic::kFloat32 ? at::kFloat : at::kDouble;
  const bool faster = device.is_cpu() || options.mixed_precision != MixedPrecision::kOff;
  channels_last =
      options.memory_format == MemoryFormat::kChannelsLast || (options.memory_format == MemoryFormat::kAuto && faster);
}

// Moved first, and widened there.
at::Tensor Network::Impl::ToDevice(const at::Tensor& tensor) const { return tensor.to(device).to(type); }

// One method for each quantized weight; a weight that several nodes share is the first one's.
void Network::Impl::AddMethods() {
  std::set<std::string> names;
  for (const Node& node : graph.nodes) {
    for (const RowWeight& weight : TrainedWeightsOf(graph, node)) {
      names.insert(weight.layer);
      AddMethod(weight.layer, node.inputs[weight.input]);
    }
  }
  const Status status = CheckNames(options.method, {names.begin(), names.end()});
  if (!status.ok()) throw std::invalid_argument(status.error().message);
}

void Network::Impl::AddMethod(const std::string& layer, const std::string& name) {
  const Parameter& parameter = graph.parameters.at(name);
  const MakeWeightMethod& make = MakeFor(options.method, layer);
  if (make == nullptr || methods.count(name) != 0) return;
  const auto* low_bit = std::get_if<QTensor>(&parameter.value);
  const FloatTensor start = low_bit == nullptr ? std::get<FloatTensor>(parameter.value) : Dequantize(*low_bit);
  methods[name] = make({layer, name, ToTorch(start).to(device), parameter.traits, options.seed});
}

void Network::Impl::AddParameter(const std::string& name, const Parameter& parameter) {
  const auto method = methods.find(name);
  if (method != methods.end()) {
    AddSlot(name, {});
    for (TrainedParameter& trained : method->second->Parameters()) parameters.push_back(std::move(trained));
    for (const auto& [key, tensor] : method->second->Buffers()) buffers[key] = tensor;
    return;
  }
  if (std::holds_alternative<Int64Tensor>(parameter.value)) {
    AddSlot(name, {});  // Read by the lowerings.
    return;
  }
  const auto* low_bit = std::get_if<QTensor>(&parameter.value);
  at::Tensor value =
      ToDevice(ToTorch(low_bit == nullptr ? std::get<FloatTensor>(parameter.value) : Dequantize(*low_bit)));
  if (low_bit == nullptr && IsTrained(parameter.traits)) {
    value.requires_grad_(true);
    parameters.push_back({name, value, parameter.traits});
  } else if (parameter.traits.role == ParameterTraits::Role::kStatistic) {
    buffers[name] = value;
  }
  AddSlot(name, value);
}

void Network::Impl::AddLayers() {
  for (const Node& node : graph.nodes) {
    for (const RowWeight& weight : TrainedWeightsOf(graph, node)) {
      const std::string& name = node.inputs[weight.input];
      const auto method = methods.find(name);
      layers.push_back({weight.layer, name, slots.at(name), method == methods.end() ? nullptr : method->second.get()});
    }
  }
}

// Whether the node's first input is a new tensor that nobody else reads: neither another node nor, for the gradient of
// what computed it, libtorch.
bool Network::Impl::OwnsInput(const Node& node) const {
  const std::set<std::string> new_and_not_kept = {"Conv", "BatchNormalization", "Add"};
  const std::string& input = node.inputs.at(0);
  const auto makes_it = [&](const Node& other) {
    return other.outputs.at(0) == input && new_and_not_kept.count(other.op) != 0;
  };
  return std::any_of(graph.nodes.begin(), graph.nodes.end(), makes_it) && CountReaders(graph, input) == 1;
}

void Network::Impl::FindRelusOfQuantizers() {
  for (const Node& node : graph.nodes) {
    const Node* relu = ReluOfQuantizer(graph, node, options.activation.get());
    if (relu != nullptr) relus_taken[node.name] = relus_taken[relu->name] = relu;
  }
}

Kernel Network::Impl::Lowered(const Node& node) {
  const auto lower = Lowerings().find(node.op);
  const auto taken = relus_taken.find(node.name);
  const bool takes_relu = taken != relus_taken.end();
  const bool owns_input = !node.inputs.empty() && OwnsInput(takes_relu ? *taken->second : node);
  LoweringRequest request{node, {}, {}, options.batch_norm, &context, owns_input, takes_relu, options.activation.get(),
                          {},   {}};
  if (lower == Lowerings().end()) request.Reject("training has no lowering for this operator");
  for (const std::string& input : node.inputs) {
    const auto parameter = graph.parameters.find(input);
    request.parameters.push_back(parameter == graph.parameters.end() ? nullptr : &parameter->second);
    request.shapes.push_back(input.empty() ? Shape() : shapes.at(input));
  }
  request.add_buffer = [this, &node](const std::string& word, const at::Tensor& start) {
    return buffers[node.name + "/" + word] = start;
  };
  request.on_device = [this](const FloatTensor& tensor) { return ToDevice(ToTorch(tensor)); };
  return lower->second(request);
}

void Network::Impl::AddSteps() {
  FindRelusOfQuantizers();
  for (const GraphInput& input : graph.inputs) inputs.push_back(AddSlot(input.name, {}));
  for (const Node& node : graph.nodes) {
    Step step;
    step.kernel = Lowered(node);
    for (const std::string& input : node.inputs) step.inputs.push_back(input.empty() ? -1 : slots.at(input));
    for (const std::string& output : node.outputs) step.outputs.push_back(AddSlot(output, {}));
    steps.push_back(std::move(step));
  }
  for (const std::string& output : graph.outputs) {
    outputs.push_back(slots.at(output));
  }
}

// So that evaluation holds the memory of live values only.
void Network::Impl::FindLastUses() {
  std::set<int> used(outputs.begin(), outputs.end());
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    for (const int slot : step->inputs) {
      if (slot >= 0 && used.insert(slot).second && !fixed[static_cast<size_t>(slot)].defined()) {
        step->last_uses.push_back(slot);
      }
    }
  }
}

// Input i on the device, in the network's type and memory format. The lowerings rely on the declared extents.
at::Tensor Network::Impl::Prepared(const at::Tensor& input, size_t i) const {
  const Shape given = input.sizes().vec();
  Shape declared = graph.inputs[i].shape;
  if (!declared.empty() && declared[0] == kDynamic && !given.empty()) declared[0] = given[0];
  if (given != declared) {
    throw std::invalid_argument("input '" + graph.inputs[i].name + "' has shape " + ToString(given) + "; expected " +
                                ToString(declared));
  }
  const at::Tensor moved = ToDevice(input);
  return channels_last && moved.dim() == 4 ? moved.contiguous(at::MemoryFormat::ChannelsLast) : moved;
}

Network::Network(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Network::Network(Network&&) noexcept = default;
Network& Network::operator=(Network&&) noexcept = default;
Network::~Network() = default;

Network Network::Create(const Graph& graph, const NetworkOptions& options) {
  const Status valid = Validate(graph);
  if (!valid.ok()) throw std::invalid_argument(valid.error().message);
  auto impl = std::make_unique<Impl>();
  impl->shapes = InferShapes(graph, 1).value();
  impl->graph = graph;
  impl->options = options;
  impl->ReadDevice();
  impl->AddMethods();
  for (const auto& [name, parameter] : graph.parameters) impl->AddParameter(name, parameter);
  impl->AddLayers();
  impl->AddSteps();
  impl->FindLastUses();
  return Network(std::move(impl));
}

std::vector<at::Tensor> Network::Run(const std::vector<at::Tensor>& inputs, Mode mode, const StepContext& context) {
  Impl& impl = *impl_;
  if (inputs.size() != impl.inputs.size()) {
    throw std::invalid_argument("the graph has " + std::to_string(impl.inputs.size()) + " inputs; got " +
                                std::to_string(inputs.size()));
  }
  impl.context = context;
  const bool mixed = impl.options.mixed_precision == MixedPrecision::kTraining && mode == Mode::kTrain;
  const Autocast autocast(mixed, impl.device.type());
  std::vector<at::Tensor> values = impl.fixed;
  const auto value = [&values](int slot) -> at::Tensor& { return values[static_cast<size_t>(slot)]; };
  for (const auto& [name, method] : impl.methods) {
    value(impl.slots.at(name)) = method->Effective(mode, context).to(impl.type);
  }
  for (size_t i = 0; i < inputs.size(); ++i) value(impl.inputs[i]) = impl.Prepared(inputs[i], i);
  for (size_t i = 0; i < impl.steps.size(); ++i) {
    const Step& step = impl.steps[i];
    std::vector<at::Tensor> arguments;
    arguments.reserve(step.inputs.size());
    for (const int slot : step.inputs) arguments.push_back(slot < 0 ? at::Tensor() : value(slot));
    for (const int slot : step.last_uses) value(slot).reset();
    const Outputs outputs = step.kernel(arguments, mode);
    for (size_t k = 0; k < step.outputs.size(); ++k) value(step.outputs[k]) = impl.Rounded(outputs.all.at(k));
    if (impl.watcher) impl.watcher(impl.graph.nodes[i], arguments, value(step.outputs[0]));
  }
  std::vector<at::Tensor> results;
  for (const int slot : impl.outputs) results.push_back(value(slot).to(impl.type));
  return results;
}

at::Tensor Network::Forward(const at::Tensor& images, Mode mode, const StepContext& context) {
  return Run({images}, mode, context).at(0);
}

void Network::Watch(Watcher watcher) { impl_->watcher = std::move(watcher); }

at::Tensor Network::Regularizer() const {
  at::Tensor sum;
  for (const auto& [name, method] : impl_->methods) {
    const at::Tensor term = method->Regularizer();
    if (term.defined()) sum = sum.defined() ? sum + term : term;
  }
  return sum;
}

const std::vector<TrainedParameter>& Network::Parameters() const { return impl_->parameters; }
std::map<std::string, at::Tensor> Network::Buffers() const { return impl_->buffers; }

std::vector<at::Tensor> Network::RunningStatistics() const {
  std::vector<at::Tensor> statistics;
  for (const Node& node : impl_->graph.nodes) {
    if (node.op != "BatchNormalization") continue;
    for (const size_t input : {3, 4}) {
      const auto buffer = impl_->buffers.find(node.inputs[input]);
      if (buffer != impl_->buffers.end()) statistics.push_back(buffer->second);
    }
  }
  return statistics;
}

const std::string& Network::device() const { return impl_->options.device; }

Graph Network::Export(Weights weights) const {
  Graph graph = impl_->graph;
  for (const auto& [name, method] : impl_->methods) {
    auto& value = graph.parameters.at(name).value;
    if (weights == Weights::kFrozen) {
      value = method->Freeze();
    } else {
      value = FromTorch(method->Master());
    }
  }
  const auto copy = [&graph](const std::string& name, const at::Tensor& tensor) {
    const auto parameter = graph.parameters.find(name);
    if (parameter != graph.parameters.end() && std::holds_alternative<FloatTensor>(parameter->second.value)) {
      parameter->second.value = FromTorch(tensor);
    }
  };
  for (const TrainedParameter& parameter : impl_->parameters) {
    if (impl_->methods.count(parameter.name) == 0) copy(parameter.name, parameter.tensor);
  }
  for (const auto& [name, tensor] : impl_->buffers) copy(name, tensor);
  return graph;
}

std::vector<LayerStatistics> Network::Statistics() const {
  std::vector<LayerStatistics> all;
  for (const Layer& layer : impl_->layers) {
    MethodStatistics statistics;
    const at::Tensor master = impl_->Master(layer);
    if (layer.method == nullptr) {
      statistics.quantized_share = 0;
      statistics.zero_share = master.eq(0).to(at::kDouble).mean().item<double>();
    } else {
      statistics = layer.method->Statistics();
    }
    all.push_back({layer.name, layer.parameter, master.numel(), statistics.error, statistics.mean_row_error,
                   statistics.quantized_share, statistics.zero_share, statistics.details});
  }
  return all;
}

std::vector<float> Network::LayerValues(const std::string& layer) const {
  for (const Layer& candidate : impl_->layers) {
    if (candidate.name != layer) continue;
    return FromTorch(impl_->Master(candidate)).data;
  }
  throw std::invalid_argument("layer '" + layer + "' has no trained weight");
}

}  // namespace lowbit::train
