#include "lowbit/train/trainer/tune_codebook.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "lowbit/data/batcher.h"
#include "lowbit/train/loss.h"
#include "lowbit/train/network.h"
#include "lowbit/train/optimizer.h"
#include "lowbit/train/parameter.h"
#include "lowbit/train/trainer/guard.h"
#include "lowbit/train/trainer/image_tensor.h"

namespace lowbit::train {
namespace {

Config Text(const std::string& text) { return Config{text, ""}; }

// [quantize] of a network whose one quantized layer has the planned blocks and codewords.
Config Section(const quant::product::LayerPlan& layer) {
  const ConfigTable sizes = {{"block", {int64_t{layer.block}, ""}}, {"centroids", {int64_t{layer.centroids}, ""}}};
  const ConfigTable options = {{"codebook", Text(layer.codebook.Name())},
                               {"layers", {ConfigTable{{layer.layer, {sizes, ""}}}, ""}}};
  const ConfigTable rule = {{"method", Text("pq")}, {"pq", {options, ""}}};
  return {ConfigTable{{"method", Text("none")}, {"layers", {ConfigTable{{layer.layer, {rule, ""}}}, ""}}}, ""};
}

data::BatchOptions Batches(const data::ImageSet& images, const CodebookTuning& tuning) {
  data::BatchOptions options;
  options.batch_size = std::min(tuning.batch, images.count());
  options.drop_last = true;
  options.seed = tuning.seed;
  options.threads = data::LoaderThreads(images, tuning.threads);
  options.prefetch = options.threads + 1;
  return options;
}

OptimizerOptions Sgd(const CodebookTuning& tuning) {
  OptimizerOptions options;
  options.momentum = tuning.momentum;
  options.weight_decay = tuning.weight_decay;
  return options;
}

class Tuner : public CodebookTuner {
 public:
  Tuner(const Graph& teacher, const data::ImageSet& images, const CodebookTuning& tuning)
      : images_(images),
        tuning_(tuning),
        teacher_(Network::Create(teacher, {})),
        batcher_(images, Batches(images, tuning)) {}

  Result<QTensor> Tune(const Graph& student, const quant::product::LayerPlan& layer) override {
    return Guarded([&]() -> Result<QTensor> {
      torch::set_num_threads(tuning_.threads);
      LOWBIT_TRY(Network network, Student(student, layer));
      const auto optimizer = Optimizer::Create(Sgd(tuning_), {Codebook(network, layer)});
      for (int64_t step = 0; step < tuning_.steps; ++step) {
        LOWBIT_RETURN_IF_ERROR(Step(layer, &network, optimizer.get()));
      }
      return std::get<QTensor>(network.Export(Weights::kFrozen).parameters.at(layer.weight).value);
    });
  }

 private:
  // All is fixed but the layer's weight.
  static Result<Network> Student(Graph graph, const quant::product::LayerPlan& layer) {
    using Role = ParameterTraits::Role;
    for (auto& [name, parameter] : graph.parameters) {
      Role& role = parameter.traits.role;
      if (role == Role::kWeight || role == Role::kBias) role = Role::kConstant;
    }
    Parameter& weight = graph.parameters.at(layer.weight);
    weight.value = Dequantize(std::get<QTensor>(weight.value));
    weight.traits.role = Role::kWeight;
    NetworkOptions options;
    options.batch_norm.frozen = true;
    LOWBIT_TRY(options.method, ReadQuantizeSection(Section(layer)));
    return Network::Create(graph, options);
  }

  static TrainedParameter Codebook(const Network& network, const quant::product::LayerPlan& layer) {
    for (const TrainedParameter& parameter : network.Parameters()) {
      if (parameter.name == layer.weight + "/codebook") return parameter;
    }
    LOWBIT_CHECK(false);
    return {};
  }

  Status Step(const quant::product::LayerPlan& layer, Network* network, Optimizer* optimizer) {
    if (!batcher_.Next(&batch_)) {
      batcher_.StartEpoch(epoch_++);
      LOWBIT_CHECK(batcher_.Next(&batch_));
    }
    LOWBIT_RETURN_IF_ERROR(batch_.status);
    const at::Tensor loss = Loss(network);
    if (!std::isfinite(loss.item<double>())) {
      return Failed("layer '" + layer.layer +
                    "': the loss of its codebook's training is not a finite number; lower layer_rate");
    }
    optimizer->ZeroGradients();
    loss.backward();
    optimizer->Step(tuning_.learning_rate);
    return Ok();
  }

  at::Tensor Loss(Network* network) {
    const at::Tensor images = ImageView(&batch_, images_.image);
    at::Tensor taught;
    {
      const at::NoGradGuard no_gradients;
      taught = teacher_.Forward(images, Mode::kEval, {});
    }
    const at::Tensor made = network->Forward(images, Mode::kTrain, {});
    return made.dim() == 2 ? Distillation(made, taught, 1) : PictureDifference(made, taught, 2);
  }

  const data::ImageSet& images_;
  CodebookTuning tuning_;
  Network teacher_;
  data::Batcher batcher_;
  data::Batch batch_;
  int64_t epoch_ = 0;
};

}  // namespace

Result<std::unique_ptr<CodebookTuner>> CodebookTuner::Create(const Graph& teacher, const data::ImageSet& images,
                                                             const CodebookTuning& tuning) {
  return Guarded([&]() -> Result<std::unique_ptr<CodebookTuner>> {
    return std::unique_ptr<CodebookTuner>(std::make_unique<Tuner>(teacher, images, tuning));
  });
}

}  // namespace lowbit::train
