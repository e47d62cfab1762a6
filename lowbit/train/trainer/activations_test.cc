// Runs with quantized activations.

#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "lowbit/core/evaluate.h"
#include "lowbit/core/integer_form.h"
#include "lowbit/train/activation_plan.h"
#include "lowbit/train/method_plan.h"
#include "lowbit/train/network.h"
#include "lowbit/train/parameter.h"
#include "lowbit/train/trainer/calibrate_activations.h"
#include "lowbit/train/trainer/restore.h"
#include "lowbit/train/trainer/test_trainer.h"

namespace lowbit::train {
namespace {

const std::vector<std::string> kActivations = {"quantize.activations.bits=4", "quantize.sq.stages=[1.0]",
                                               "train.iterations=60"};

// The run's own evaluation is that of the integer form, to the last bit.
void ExpectIntegerLogits(const TrainJob& job, const Graph& frozen) {
  std::vector<float> logits;
  ASSERT_TRUE(ForEachLogits({job.recipe, job.graph, job.folder}, job.dataset.test, "cpu", 1,
                            [&](int64_t, int64_t, Span<const float> batch) {
                              logits.insert(logits.end(), batch.begin(), batch.end());
                            })
                  .ok());
  const DoubleTensor pixels({30, 1, 8, 8}, {job.dataset.test.pixels.begin(), job.dataset.test.pixels.end()});
  const auto expected =
      Evaluate(ToIntegerForm(frozen).value(), {{frozen.inputs[0].name, pixels}}, Rounding::kFloat).value();
  const std::vector<double>& values = expected.at(frozen.outputs[0]).data;
  EXPECT_EQ(logits, std::vector<float>(values.begin(), values.end()));
}

TEST_F(TrainerTest, QuantizedActivationsLearnAndRunInIntegers) {
  const TrainJob job = Job(kActivations);
  const TrainOutcome outcome = Train(job).value();
  EXPECT_GT(outcome.test_score, 0.8);  // Chance is a third.
  const Graph frozen = Freeze({job.recipe, job.graph, job.folder}).value();
  std::map<double, int> bits;
  for (const Node& node : frozen.nodes) {
    if (node.op != "Quant") continue;
    ++bits[std::get<FloatTensor>(frozen.parameters.at(node.inputs[3]).value).data[0]];
    const float scale = std::get<FloatTensor>(frozen.parameters.at(node.inputs[1]).value).data[0];
    EXPECT_NE(scale, 1);
    EXPECT_EQ(scale, Values(folder_, "buffer/" + node.inputs[1]).at(0));
    // Pixels minus their mean have a sign; behind ReLU there is none.
    EXPECT_EQ(IntAttribute(node, "signed", 1), node.inputs[0].rfind("input", 0) == 0 ? 1 : 0) << node.inputs[0];
  }
  EXPECT_EQ(bits, (std::map<double, int>{{4, 1}, {8, 2}}));
  ExpectIntegerLogits(job, frozen);
}

// By what a method has made of its weight, which need not be what it would make of the weight's values: here logits that began at the
// weights and were turned around since. A float network with those weights measures the same scales.
TEST_F(TrainerTest, ScalesAreMeasuredBehindTheMethodsPresentWeights) {
  const TrainJob job =
      Job({"quantize.policy=none", "quantize.method=slb", "quantize.slb.init=weights", "quantize.slb.bits=2",
           "quantize.activations.method=measured", "quantize.activations.bits=4"});
  NetworkOptions options;
  options.method = ReadQuantizeSection(recipe::MethodTable(job.recipe.quantize)).value();
  const Graph graph = QuantizeActivations(job.graph, job.recipe.quantize).value();
  Network network = Network::Create(graph, options);
  int turned = 0;
  {
    const at::NoGradGuard no_gradients;
    for (const TrainedParameter& parameter : network.Parameters()) {
      if (parameter.name.find("logits") == std::string::npos) continue;
      at::Tensor(parameter.tensor).neg_();
      ++turned;
    }
  }
  ASSERT_EQ(turned, 3);
  Network plain = Network::Create(network.Export(Weights::kFrozen), {});
  const auto measure = [&](Network* measured, const NetworkOptions& with) {
    data::BatchOptions batches;
    batches.batch_size = 20;
    data::Batcher batcher(job.dataset.train, batches);
    EXPECT_TRUE(CalibrateActivations(with, job.dataset.train.image, &batcher, measured, nullptr).empty());
    std::map<std::string, double> scales;
    std::map<std::string, at::Tensor> buffers = measured->Buffers();
    for (const Node* node : MeasuredQuantizers(graph)) {
      scales[node->name] = buffers.at(node->inputs[1]).item<double>();
    }
    return scales;
  };
  const std::map<std::string, double> scales = measure(&network, options), expected = measure(&plain, {});
  ASSERT_EQ(scales.size(), 3u);
  for (const auto& [name, scale] : expected) EXPECT_NEAR(scales.at(name), scale, 1e-4 * scale) << name;
}

TEST_F(TrainerTest, RulesChangeMethodAndBitsOfSingleLayers) {
  std::vector<std::string> rules = kActivations;
  for (const char* rule : {"quantize.layers.conv2.method=uniform", "quantize.layers.conv2.policy=none",
                           "quantize.layers.conv2.uniform.bits=5", "quantize.layers.conv2.activation_bits=6",
                           "quantize.layers.\"f*\".activation_bits=0"}) {
    rules.emplace_back(rule);
  }
  const TrainJob job = Job(rules);
  EXPECT_GT(Train(job).value().test_score, 0.6);  // Chance is a third.
  const Graph frozen = Freeze({job.recipe, job.graph, job.folder}).value();
  std::map<std::string, float> bits;  // Of what a node reads.
  for (const Node& node : frozen.nodes) {
    if (node.op != "Quant") continue;
    for (const Node& reader : frozen.nodes) {
      if (reader.inputs[0] != node.outputs[0]) continue;
      bits[reader.name] = std::get<FloatTensor>(frozen.parameters.at(node.inputs[3]).value).data[0];
    }
  }
  EXPECT_EQ(bits["conv2"], 6);
  EXPECT_EQ(bits.count("fc"), 0);
  EXPECT_EQ(std::get<QTensor>(frozen.parameters.at("conv1.weight").value).values.kind, ValueSet::Kind::kTernary);
  const QTensor& fine = std::get<QTensor>(frozen.parameters.at("conv2.weight").value);
  EXPECT_GT(fine.values.bits, 3);
  ExpectIntegerLogits(job, frozen);
}

TEST_F(TrainerTest, AResumedRunKeepsTheScalesOfItsStart) {
  const std::string scale = "buffer/pool1/quant/scale", weight = "parameter/fc.weight";
  ASSERT_TRUE(Train(Job(kActivations)).ok());
  const std::vector<float> measured = Values(folder_, scale), trained = Values(folder_, weight);
  std::vector<std::string> longer = kActivations;
  longer.emplace_back("train.iterations=70");
  TrainJob on = Job(longer);
  on.resume = true;
  on.dataset.train = MakeImages(60, 9);  // What it would measure now is something else.
  ASSERT_TRUE(Train(on).ok());
  EXPECT_NE(Values(folder_, weight), trained);
  EXPECT_EQ(Values(folder_, scale), measured);
}

// Recipe of one plain run with that method of activations, 3 bits.
std::vector<std::string> WithActivations(const std::string& method, int iterations = 60) {
  return {"quantize.policy=none", "quantize.activations.bits=3", "quantize.activations.method=" + method,
          "train.iterations=" + std::to_string(iterations)};
}

class ActivationMethods : public TrainerTest, public testing::WithParamInterface<const char*> {};

TEST_P(ActivationMethods, LearnAndRunInIntegers) {
  const TrainJob job = Job(WithActivations(GetParam()));
  const TrainOutcome outcome = Train(job).value();
  EXPECT_GT(outcome.test_score, 0.6);  // Chance is a third.
  ExpectIntegerLogits(job, Freeze({job.recipe, job.graph, job.folder}).value());
}

INSTANTIATE_TEST_SUITE_P(Shelf, ActivationMethods, testing::Values("measured", "lsq", "pact", "dorefa", "esb", "sign"),
                         [](const auto& info) { return std::string(info.param); });

TEST_F(TrainerTest, LearnedScalesLeaveTheMeasuredOnes) {
  ASSERT_TRUE(Train(Job(WithActivations("measured", 20))).ok());
  const std::map<std::string, std::vector<float>> measured = {
      {"pool1/quant", Values(folder_, "buffer/pool1/quant/scale")},
      {"input", Values(folder_, "buffer/input.mul/quant/scale")}};
  for (const std::string method : {"lsq", "pact"}) {
    std::filesystem::remove(CheckpointPath(folder_));
    ASSERT_TRUE(Train(Job(WithActivations(method, 20))).ok());
    const float learned = Values(folder_, "parameter/pool1/quant/scale").at(0);
    EXPECT_NE(learned, measured.at("pool1/quant").at(0)) << method;
    EXPECT_NEAR(learned, measured.at("pool1/quant").at(0), 0.5 * learned) << method;
  }
  // Pixels have a sign, which PACT has no clip for.
  EXPECT_EQ(Values(folder_, "buffer/input.mul/quant/scale"), measured.at("input"));
}

// In calibration batch normalization takes the batch's statistics: a first layer of other weights changes nothing behind it.
TEST_F(TrainerTest, ScalesAreMeasuredOnNormalizedValues) {
  std::vector<float> measured;
  for (const float factor : {1.f, 64.f}) {
    TrainJob job = Job(WithActivations("measured", 1));
    for (float& w : std::get<FloatTensor>(job.graph.parameters.at("conv1.weight").value).data) w *= factor;
    ASSERT_TRUE(Train(job).ok());
    measured.push_back(Values(folder_, "buffer/pool1/quant/scale").at(0));
    std::filesystem::remove(CheckpointPath(folder_));
  }
  EXPECT_NEAR(measured[1], measured[0], 0.05 * measured[0]);
}

// Pixels of 0 to 220 minus 200: the grid must reach down to -4, in 128 steps.
TEST_F(TrainerTest, ScalesCoverWhatIsBelowZero) {
  TrainJob job = Job(WithActivations("measured", 1));
  models::ModelInput input;
  input.image = {1, 8, 8};
  input.classes = 3;
  input.mean = {200};
  input.scale = {0.02f};
  job.graph = models::BuildModel("small", input, job.recipe.model.options, 1).value();
  ASSERT_TRUE(Train(job).ok());
  EXPECT_NEAR(Values(folder_, "buffer/input.mul/quant/scale").at(0), 4. / 128, 0.1 * 4 / 128);
}

TEST_F(TrainerTest, LearnedScalesHaveNoDecay) {
  for (const char* method : {"lsq", "pact"}) {
    const TrainJob job = Job(WithActivations(method, 1));
    const Graph graph = QuantizeActivations(job.graph, job.recipe.quantize).value();
    const ParameterTraits& traits = graph.parameters.at("pool1/quant/scale").traits;
    EXPECT_EQ(traits.role, ParameterTraits::Role::kBias) << method;
    EXPECT_EQ(traits.decay_multiplier, 0) << method;
  }
}

// The grid of 3 bits ends at 1; pixels have a sign, so theirs is measured.
TEST_F(TrainerTest, DorefaGridsEndAtOne) {
  const TrainJob job = Job(WithActivations("dorefa", 2));
  ASSERT_TRUE(Train(job).ok());
  const Graph frozen = Freeze({job.recipe, job.graph, job.folder}).value();
  EXPECT_EQ(std::get<FloatTensor>(frozen.parameters.at("pool1/quant/scale").value).data[0], 1 / 7.0f);
  EXPECT_NE(Values(folder_, "buffer/input.mul/quant/scale").at(0), 1 / 127.0f);
}

TEST_F(TrainerTest, ZerosInCalibrationAreNamed) {
  TrainJob job = Job(WithActivations("measured", 1));
  job.quiet = false;
  for (auto& [name, parameter] : job.graph.parameters) {  // No Relu lets anything through.
    if (name == "bn1.bias") std::get<FloatTensor>(parameter.value).data.assign(4, -1000);
  }
  testing::internal::CaptureStderr();
  ASSERT_TRUE(Train(job).ok());
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("warning: only zeros came into 'pool1/quant'"), std::string::npos) << log;
  EXPECT_EQ(log.find("input.mul/quant"), std::string::npos) << log;
}

TEST_F(TrainerTest, SignsStandWhereReluWas) {
  const TrainJob job = Job(WithActivations("sign", 1));
  ASSERT_TRUE(Train(job).ok());
  const Graph frozen = Freeze({job.recipe, job.graph, job.folder}).value();
  std::map<std::string, int> count;
  for (const Node& node : frozen.nodes) ++count[node.op];
  EXPECT_EQ(count["BipolarQuant"], 1);  // Before conv2; conv1 and fc read 8 bits.
  EXPECT_EQ(count["Quant"], 2);
  EXPECT_EQ(count["Relu"], 1);
  EXPECT_EQ(count["Identity"], 1);
}

TEST_F(TrainerTest, LevelsStandWhereTheGridWas) {
  std::vector<std::string> overrides = WithActivations("esb", 1);
  overrides.emplace_back("quantize.activations.esb.k=0");
  const TrainJob job = Job(overrides);
  ASSERT_TRUE(Train(job).ok());
  const Graph frozen = Freeze({job.recipe, job.graph, job.folder}).value();
  std::map<std::string, int> count;
  for (const Node& node : frozen.nodes) {
    ++count[node.op];
    if (node.op != "LevelQuant") continue;
    EXPECT_EQ(std::get<FloatTensor>(frozen.parameters.at(node.inputs[3]).value).data,
              (std::vector<float>{0, 1, 2, 4, 8, 16, 32, 64}));
    EXPECT_NE(std::get<FloatTensor>(frozen.parameters.at(node.inputs[1]).value).data[0], 1);
  }
  EXPECT_EQ(count["LevelQuant"], 1);  // Before conv2; conv1 and fc read 8 bits.
  EXPECT_EQ(count["Quant"], 2);
}

TEST_F(TrainerTest, AMethodOfActivationsIsNamed) {
  const auto message = [&](const std::vector<std::string>& overrides) {
    return CheckJob(Job(overrides)).error().message;
  };
  EXPECT_NE(message(WithActivations("pakt")).find("did you mean 'pact'"), std::string::npos);
  std::vector<std::string> wrong = WithActivations("sign");
  wrong.emplace_back("quantize.activations.sign.gradient=smooth");
  EXPECT_NE(message(wrong).find("clipped, polynomial"), std::string::npos);
  wrong = WithActivations("esb");
  wrong.emplace_back("quantize.activations.esb.k=3");
  EXPECT_NE(message(wrong).find("3 of 3 bits leave 0 for the exponent"), std::string::npos);
}

TEST_F(TrainerTest, TheSameRunMeasuresTheSameScales) {
  const std::string scale = "buffer/pool1/quant/scale";
  const auto scales = [&](uint32_t images) {
    TrainJob job = Job(kActivations);
    job.recipe.train.iterations = 1;
    job.dataset.train = MakeImages(60, images);
    EXPECT_TRUE(Train(job).ok());
    std::vector<float> found = Values(folder_, scale);
    std::filesystem::remove(CheckpointPath(folder_));
    return found;
  };
  const std::vector<float> first = scales(1);
  EXPECT_EQ(scales(1), first);
  EXPECT_NE(scales(9), first);
}

TEST_F(TrainerTest, ActivationsToSkipMustBeThere) {
  const auto message = [&](const std::string& skip) {
    return CheckJob(Job({"quantize.activations.skip=[" + skip + "]"})).error().message;
  };
  EXPECT_NE(message("\"conv9\"").find("unknown product 'conv9'"), std::string::npos);
  EXPECT_NE(message("\"conv1\",\"conv2\",\"fc\"").find("no product left"), std::string::npos);
  EXPECT_NE(message("\"conv*\",\"f?\"").find("no product left"), std::string::npos);
  EXPECT_NE(message("\"down*\"").find("unknown product 'down*'"), std::string::npos);
  EXPECT_TRUE(CheckJob(Job({"quantize.activations.skip=[\"conv1\"]"})).ok());
}

}  // namespace
}  // namespace lowbit::train
