#include "lowbit/train/trainer/tune_codebook.h"

#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <string>
#include <vector>

#include "lowbit/data/test_files.h"
#include "lowbit/models/model.h"
#include "lowbit/quant/product/clustering.h"
#include "lowbit/quant/product/codebook_form.h"
#include "lowbit/train/loss.h"
#include "lowbit/train/network.h"

namespace lowbit::train {
namespace {

using quant::product::LayerPlan;

class TuneCodebook : public testing::Test {
 protected:
  TuneCodebook() : images_(data::NoiseSet({1, 12, 12}, 64, 3)) {
    models::ModelInput input;
    input.image = {1, 12, 12};
    input.classes = 3;
    input.mean = {128};
    input.scale = {0.02f};
    teacher_ = models::BuildModel("small", input, {}, 1).value();
    quant::product::Rules rules;
    rules.conv_centroids = 16;
    plan_ = PlanNetwork(teacher_, rules).value().layers.at(0);
    student_ = teacher_;
    student_.parameters.at(plan_.weight).value = Clustered();
    tuning_.steps = 30;
    tuning_.batch = 16;
  }

  // The layer's weight by k-means.
  QTensor Clustered() const {
    quant::product::Blocks blocks;
    blocks.dimension = plan_.block;
    blocks.values = std::get<FloatTensor>(teacher_.parameters.at(plan_.weight).value).data;
    quant::product::ClusteringOptions options;
    options.centroids = plan_.centroids;
    const quant::product::Clustering found = quant::product::Cluster(blocks, options);
    QTensor tensor;
    tensor.shape = plan_.shape;
    tensor.scales = {1};
    tensor.values = quant::product::MakeCodebook({found.centroids.begin(), found.centroids.end()}, plan_.block, {});
    for (const int32_t code : found.codes) tensor.AddCode(code);
    return tensor;
  }

  Result<QTensor> Tuned() const {
    LOWBIT_TRY(const auto tuner, CodebookTuner::Create(teacher_, images_, tuning_));
    return tuner->Tune(student_, plan_);
  }

  // Mean of a network with that layer from the float one.
  double Divergence(const QTensor& weight) const {
    const at::NoGradGuard no_gradients;
    Graph graph = student_;
    graph.parameters.at(plan_.weight).value = weight;
    const at::Tensor pixels =
        at::tensor(std::vector<float>(images_.pixels.begin(), images_.pixels.end())).view({images_.count(), 1, 12, 12});
    Network student = Network::Create(graph, {}), teacher = Network::Create(teacher_, {});
    return Distillation(student.Forward(pixels, Mode::kEval, {}), teacher.Forward(pixels, Mode::kEval, {}), 1)
        .item<double>();
  }

  data::ImageSet images_;
  Graph teacher_, student_;
  LayerPlan plan_;
  CodebookTuning tuning_;
};

TEST_F(TuneCodebook, ComesCloserToTheFloatNetwork) {
  const QTensor before = Clustered(), after = Tuned().value();
  EXPECT_LT(Divergence(after), 0.8 * Divergence(before));
  EXPECT_EQ(after.values.Name(), before.values.Name());
  // The same blocks share codewords, whatever number these have.
  ASSERT_EQ(after.codes.size(), before.codes.size());
  for (size_t i = 1; i < before.codes.size(); ++i) {
    EXPECT_EQ(after.codes[i] == after.codes[0], before.codes[i] == before.codes[0]) << i;
  }
  EXPECT_EQ(Dequantize(Tuned().value()).data, Dequantize(after).data);
}

TEST_F(TuneCodebook, KeepsTheFormOfTheCodebook) {
  plan_.codebook = {ValueSet::Storage::kInt8, false};
  EXPECT_EQ(Tuned().value().values.storage, ValueSet::Storage::kInt8);
}

TEST_F(TuneCodebook, SaysThatItDiverges) {
  tuning_.learning_rate = 1e30;
  const std::string message = Tuned().error().message;
  EXPECT_NE(message.find("layer '" + plan_.layer + "'"), std::string::npos) << message;
  EXPECT_NE(message.find("layer_rate"), std::string::npos) << message;
}

}  // namespace
}  // namespace lowbit::train
