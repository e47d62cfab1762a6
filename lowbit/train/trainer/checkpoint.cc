#include "lowbit/train/trainer/checkpoint.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <cstring>
#include <map>

#include "lowbit/format/safetensors/safetensors.h"
#include "lowbit/train/parameter.h"

namespace lowbit::train {
namespace {

constexpr char kStateKey[] = "lowbit.run_state";
const std::string kCodes = "codes/";

// Every tensor that a checkpoint holds, by its name in the file; the live ones.
NamedTensors LiveTensors(const Network& network, const Optimizer* optimizer) {
  NamedTensors tensors;
  for (const TrainedParameter& parameter : network.Parameters()) {
    tensors["parameter/" + parameter.name] = parameter.tensor;
  }
  for (const auto& [name, tensor] : network.Buffers()) tensors["buffer/" + name] = tensor;
  if (optimizer == nullptr) return tensors;
  for (const auto& [name, tensor] : optimizer->State()) tensors["optimizer/" + name] = tensor;
  return tensors;
}

struct TypePair {
  safetensors::Dtype stored;
  torch::ScalarType live;
};

constexpr TypePair kTypes[] = {{safetensors::Dtype::kF32, torch::kFloat}, {safetensors::Dtype::kF64, torch::kDouble},
                               {safetensors::Dtype::kI64, torch::kLong},  {safetensors::Dtype::kI32, torch::kInt},
                               {safetensors::Dtype::kU8, torch::kByte},   {safetensors::Dtype::kBool, torch::kBool}};

safetensors::Dtype StoredType(torch::ScalarType live) {
  for (const TypePair& pair : kTypes) {
    if (pair.live == live) return pair.stored;
  }
  LOWBIT_CHECK(false && "no parameter, buffer or optimizer has another type");
  return safetensors::Dtype::kF32;
}

safetensors::Tensor Store(const torch::Tensor& live) {
  const torch::Tensor tensor = live.detach().cpu().contiguous();
  safetensors::Tensor stored;
  stored.dtype = StoredType(tensor.scalar_type());
  stored.shape = Shape(tensor.sizes().begin(), tensor.sizes().end());
  const auto* data = static_cast<const uint8_t*>(tensor.data_ptr());
  stored.bytes.assign(data, data + tensor.nbytes());
  return stored;
}

Status Fill(const safetensors::Tensor& stored, torch::Tensor live) {
  if (stored.dtype != StoredType(live.scalar_type())) return Invalid("has another type than this network's");
  if (stored.shape != Shape(live.sizes().begin(), live.sizes().end())) {
    return Invalid("has shape " + ToString(stored.shape) + "; this network's is " +
                   ToString(Shape(live.sizes().begin(), live.sizes().end())));
  }
  const torch::Tensor source = torch::empty(live.sizes(), live.options().device(torch::kCPU).requires_grad(false));
  LOWBIT_CHECK(source.nbytes() == stored.bytes.size());
  if (!stored.bytes.empty()) std::memcpy(source.data_ptr(), stored.bytes.data(), stored.bytes.size());
  const torch::NoGradGuard no_gradients;
  live.copy_(source);
  return Ok();
}

}  // namespace

std::string CheckpointPath(const std::string& folder) { return folder + "/checkpoint.safetensors"; }

Status SaveCheckpoint(const std::string& path, const RunState& state, const Network& network,
                      const Optimizer& optimizer, const WeightCodes& codes) {
  safetensors::File contents;
  for (const auto& [name, values] : codes) {
    contents.tensors[kCodes + name] = {safetensors::Dtype::kU8, {static_cast<int64_t>(values.size())}, values};
  }
  for (const auto& [name, tensor] : LiveTensors(network, &optimizer)) contents.tensors[name] = Store(tensor);
  contents.metadata[kStateKey] = ToJson(state);
  return safetensors::Write(contents, path);
}

Result<RunState> LoadCheckpoint(const std::string& path, Network* network, Optimizer* optimizer, WeightCodes* codes) {
  LOWBIT_TRY(const safetensors::File contents, safetensors::Read(path, safetensors::Checksum::kRequired));
  const auto found = contents.metadata.find(kStateKey);
  if (found == contents.metadata.end()) return Invalid(path + ": is not a checkpoint of a run");
  Result<RunState> state = ParseRunState(found->second);
  if (!state.ok()) return Invalid(path + ": metadata '" + kStateKey + "' " + state.error().message);
  const NamedTensors live = LiveTensors(*network, optimizer);
  for (const auto& [name, tensor] : live) {
    const auto stored = contents.tensors.find(name);
    if (stored == contents.tensors.end()) return Invalid(path + ": has no tensor '" + name + "'");
    const Status filled = Fill(stored->second, tensor);
    if (!filled.ok()) return Invalid(path + ": tensor '" + name + "' " + filled.error().message);
  }
  for (const auto& [name, tensor] : contents.tensors) {
    if (name.rfind(kCodes, 0) == 0) {
      if (codes != nullptr) (*codes)[name.substr(kCodes.size())] = tensor.bytes;
      continue;
    }
    const bool skipped = optimizer == nullptr && name.rfind("optimizer/", 0) == 0;
    if (!skipped && live.count(name) == 0) return Invalid(path + ": tensor '" + name + "' is not of this network");
  }
  return state;
}

}  // namespace lowbit::train
