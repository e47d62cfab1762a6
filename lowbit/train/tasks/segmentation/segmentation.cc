// Pictures whose every pixel has a class.

#include "lowbit/data/segmentation.h"

#include <torch/types.h>

#include "lowbit/core/image_size.h"
#include "lowbit/data/confusion_matrix.h"
#include "lowbit/train/loss.h"
#include "lowbit/train/network.h"
#include "lowbit/train/task.h"
#include "lowbit/train/trainer/for_each_output.h"
#include "lowbit/train/trainer/image_tensor.h"

namespace lowbit::train::tasks::segmentation {
namespace {

using Loss = recipe::TrainSection::Loss;

// Mean cross-entropy over the pixels that count. logits [batch, classes, height, width], answers [batch, 1, height, width]: classes as
// floats, -1 where the pixel does not count. 0 where none does.
at::Tensor PixelCrossEntropy(const at::Tensor& logits, const at::Tensor& answers, double smoothing) {
  constexpr int64_t kIgnored = -1;
  const at::Tensor classes = answers.select(1, 0).to(torch::kLong);
  const at::Tensor sum = at::cross_entropy_loss(logits, classes, {}, at::Reduction::Sum, kIgnored, smoothing);
  return sum / classes.ne(kIgnored).sum().clamp_min(1);
}

// [batch * height * width, classes]
at::Tensor Pixels(const at::Tensor& logits) { return logits.permute({0, 2, 3, 1}).reshape({-1, logits.size(1)}); }

void AddAnswers(const at::Tensor& output, const at::Tensor& answers, data::ConfusionMatrix* matrix) {
  const at::Tensor logits = output.to(torch::kCPU, torch::kFloat).contiguous();
  const at::Tensor truth = answers.eq(-1).mul(data::kNoClass + 1).add(answers).to(torch::kByte).contiguous();
  const int64_t pixels = logits.size(2) * logits.size(3);
  for (int64_t i = 0; i < logits.size(0); ++i) {
    const float* image = logits.data_ptr<float>() + i * logits.size(1) * pixels;
    const uint8_t* classes = truth.data_ptr<uint8_t>() + i * pixels;
    matrix->Add(data::LargestClass(image, logits.size(1), pixels),
                Span<const uint8_t>(classes, static_cast<size_t>(pixels)));
  }
}

void SumOverRanks(data::ConfusionMatrix* matrix, distributed::Group* group) {
  if (group == nullptr) return;
  std::vector<int64_t>& counts = matrix->counts();
  const at::Tensor sums = torch::tensor(counts, torch::kLong).to(torch::kDouble);  // Exact up to 2^53 pixels.
  group->Sum(sums);
  for (size_t i = 0; i < counts.size(); ++i) counts[i] = sums[static_cast<int64_t>(i)].item().toLong();
}

class Segmentation : public Task {
 public:
  Segmentation(const recipe::Recipe& recipe, const data::Dataset& dataset) : recipe_(recipe), dataset_(dataset) {}

  const TestMeasure& measure() const override { return TestMeasureOf("iou"); }

  Shape Output(const Shape& /*made*/) const override {
    return {1, dataset_.classes, dataset_.train.image[1], dataset_.train.image[2]};
  }

  Status CheckNetwork(const Graph& graph) const override {
    const Shape& image = dataset_.test.image;
    const Result<Graph> sized = AtImageSize(graph, image[1], image[2], dataset_.classes);
    return sized.ok() ? Ok() : Invalid("the network " + sized.error().message + " (the test pictures' size)");
  }

  at::Tensor Loss(const at::Tensor& output, const at::Tensor& answers) const override {
    return PixelCrossEntropy(output, answers, recipe_.train.label_smoothing);
  }

  at::Tensor LossToTeacher(const at::Tensor& output, const at::Tensor& taught) const override {
    return Distillation(Pixels(output), Pixels(taught), recipe_.distill.temperature);
  }

  // Mean cross-entropy, without label smoothing, and the mean intersection over union of all pixels of the test: of whole pictures, so
  // the score is the same whatever the batches are.
  Averages Evaluate(const TestRun& run) const override {
    Averages result;
    data::ConfusionMatrix matrix(dataset_.classes);
    const auto look = [&](data::Batch* read, const at::Tensor& output) {
      const at::Tensor answers = AnswerView(read, dataset_.test.answer);
      result.Add(PixelCrossEntropy(output, answers.to(output.device()), 0).item<double>(), 0, read->count);
      AddAnswers(output, answers, &matrix);
    };
    Network whole = AtTestSize(*run.network);
    ForEachOutput(&whole, dataset_.test, recipe_.train.test_batch, look, run.group);
    train::SumOverRanks(&result, run.group);
    SumOverRanks(&matrix, run.group);
    result.score_sum = matrix.MeanIntersectionOverUnion() * static_cast<double>(result.images);
    return result;
  }

 private:
  // The network, made for whole pictures.
  Network AtTestSize(const Network& network) const {
    const Shape& image = dataset_.test.image;
    Graph graph = AtImageSize(network.Export(Weights::kFrozen), image[1], image[2], dataset_.classes).value();
    graph.inputs[0].shape[0] = kDynamic;
    NetworkOptions options;
    options.device = network.device();
    return Network::Create(graph, options);
  }

  const recipe::Recipe& recipe_;
  const data::Dataset& dataset_;
};

}  // namespace

Result<std::unique_ptr<Task>> Create(const recipe::Recipe& recipe, const data::Dataset& dataset) {
  LOWBIT_RETURN_IF_ERROR(CheckLoss(recipe, dataset, {Loss::kCrossEntropy}, "\"cross_entropy\""));
  return std::unique_ptr<Task>(std::make_unique<Segmentation>(recipe, dataset));
}

}  // namespace lowbit::train::tasks::segmentation
