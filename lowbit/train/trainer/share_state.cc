#include "lowbit/train/trainer/share_state.h"

#include <torch/types.h>

#include <string>

#include "lowbit/base/checksum.h"
#include "lowbit/train/distributed/agree.h"
#include "lowbit/train/parameter.h"

namespace lowbit::train {
namespace {

std::string Digest(const torch::Tensor& tensor) {
  const torch::Tensor values = tensor.detach().cpu().contiguous();
  const auto* bytes = static_cast<const uint8_t*>(values.data_ptr());
  return std::to_string(Xxh64({{bytes, values.nbytes()}}));
}

}  // namespace

Result<RunState> ShareState(const RunState& state, Network* network, Optimizer* optimizer, distributed::Group* group) {
  if (group == nullptr) return state;
  for (const TrainedParameter& parameter : network->Parameters()) group->Broadcast(parameter.tensor);
  for (const auto& [name, tensor] : optimizer->State()) group->Broadcast(tensor);
  ShareBuffers(network, group);
  LOWBIT_TRY(const std::string json, distributed::FromRoot(ToJson(state), group));
  return ParseRunState(json);
}

void ShareBuffers(Network* network, distributed::Group* group) {
  if (group == nullptr) return;
  for (const auto& [name, tensor] : network->Buffers()) group->Broadcast(tensor);
}

Status CheckSameParameters(const Network& network, distributed::Group* group) {
  if (group == nullptr) return Ok();
  std::string digests;
  for (const TrainedParameter& parameter : network.Parameters()) digests += Digest(parameter.tensor) + " ";
  LOWBIT_TRY(const bool same, distributed::SameOnAll(digests, group));
  if (same) return Ok();
  return Failed(
      "the ranks no longer hold the same weights: their machines compute differently (all ranks need the same "
      "build of lowbit and libtorch and processors of one kind)");
}

}  // namespace lowbit::train
