#include "lowbit/train/trainer/restore.h"

#include <torch/types.h>

#include "lowbit/core/integer_form.h"
#include "lowbit/train/activation_plan.h"
#include "lowbit/train/integer_network.h"
#include "lowbit/train/network.h"
#include "lowbit/train/trainer/checkpoint.h"
#include "lowbit/train/trainer/for_each_output.h"
#include "lowbit/train/trainer/guard.h"
#include "lowbit/train/trainer/recipe_options.h"
#include "lowbit/train/trainer/sharpen.h"

namespace lowbit::train {
namespace {

Result<Network> Restore(const TrainedRun& run, const std::string& device) {
  LOWBIT_TRY(const NetworkOptions options, ReadNetworkOptions(run.recipe, device));
  LOWBIT_TRY(const Graph graph, QuantizeActivations(run.graph, run.recipe.quantize));
  Network network = Network::Create(graph, options);
  LOWBIT_RETURN_IF_ERROR(LoadCheckpoint(CheckpointPath(run.folder), &network, nullptr, nullptr));
  return network;
}

}  // namespace

Status ForEachLogits(const TrainedRun& run, const data::ImageSet& images, const std::string& device, int threads,
                     const LogitsCallback& callback) {
  return Guarded([&]() -> Status {
    torch::set_num_threads(threads);
    LOWBIT_TRY(Network network, Restore(run, device));
    const Graph frozen = network.Export(Weights::kFrozen);
    if (QuantizesActivations(frozen)) network = CreateIntegerNetwork(frozen, device);
    ForEachOutput(&network, images, run.recipe.train.test_batch, [&](data::Batch* read, const torch::Tensor& output) {
      const torch::Tensor logits = output.to(torch::kCPU, torch::kFloat).contiguous();
      callback(read->indices.front(), read->count,
               Span<const float>(logits.data_ptr<float>(), static_cast<size_t>(logits.numel())));
    });
    return Ok();
  });
}

Status ForEachSharpened(const TrainedRun& run, const std::vector<data::BlurredPicture>& pictures,
                        const std::string& device, int threads, const PlaneCallback& callback) {
  return Guarded([&]() -> Status {
    torch::set_num_threads(threads);
    LOWBIT_TRY(const Network network, Restore(run, device));
    const Graph frozen = network.Export(Weights::kFrozen);
    const bool integers = QuantizesActivations(frozen);
    for (size_t i = 0; i < pictures.size(); ++i) callback(i, Sharpen(frozen, pictures[i].blurred, device, integers));
    return Ok();
  });
}

Result<Graph> Freeze(const TrainedRun& run) {
  return Guarded([&]() -> Result<Graph> {
    LOWBIT_TRY(const Network network, Restore(run, "cpu"));
    return network.Export(Weights::kFrozen);
  });
}

}  // namespace lowbit::train
