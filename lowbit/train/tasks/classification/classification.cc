// Images of one class each.

#include <torch/types.h>

#include "lowbit/train/loss.h"
#include "lowbit/train/network.h"
#include "lowbit/train/task.h"
#include "lowbit/train/trainer/for_each_output.h"
#include "lowbit/train/trainer/image_tensor.h"

namespace lowbit::train::tasks::classification {
namespace {

using Loss = recipe::TrainSection::Loss;

class Classification : public Task {
 public:
  Classification(const recipe::Recipe& recipe, const data::Dataset& dataset) : recipe_(recipe), dataset_(dataset) {}

  const TestMeasure& measure() const override { return TestMeasureOf("accuracy"); }
  Shape Output(const Shape& /*made*/) const override { return {1, dataset_.classes}; }

  at::Tensor Loss(const at::Tensor& output, const at::Tensor& answers) const override {
    return CrossEntropy(output, answers, recipe_.train.label_smoothing);
  }

  at::Tensor LossToTeacher(const at::Tensor& output, const at::Tensor& taught) const override {
    return Distillation(output, taught, recipe_.distill.temperature);
  }

  int64_t CountRight(const at::Tensor& output, const at::Tensor& answers) const override {
    return output.argmax(1).eq(answers).sum().item<int64_t>();
  }

  // Mean cross-entropy, without label smoothing, and accuracy.
  Averages Evaluate(const TestRun& run) const override {
    Averages result;
    const auto count = [&](data::Batch* read, const at::Tensor& output) {
      const at::Tensor labels = LabelView(read).to(output.device());
      result.Add(CrossEntropy(output, labels, 0).item<double>(), static_cast<double>(CountRight(output, labels)),
                 read->count);
    };
    ForEachOutput(run.network, dataset_.test, recipe_.train.test_batch, count, run.group);
    SumOverRanks(&result, run.group);
    return result;
  }

 private:
  const recipe::Recipe& recipe_;
  const data::Dataset& dataset_;
};

}  // namespace

Result<std::unique_ptr<Task>> Create(const recipe::Recipe& recipe, const data::Dataset& dataset) {
  LOWBIT_RETURN_IF_ERROR(CheckLoss(recipe, dataset, {Loss::kCrossEntropy}, "\"cross_entropy\""));
  return std::unique_ptr<Task>(std::make_unique<Classification>(recipe, dataset));
}

}  // namespace lowbit::train::tasks::classification
