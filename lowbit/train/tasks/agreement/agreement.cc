// Images without labels: a teacher's answers are all there is to learn from.

#include <torch/types.h>

#include "lowbit/base/check.h"
#include "lowbit/train/loss.h"
#include "lowbit/train/network.h"
#include "lowbit/train/task.h"
#include "lowbit/train/trainer/for_each_output.h"
#include "lowbit/train/trainer/image_tensor.h"

namespace lowbit::train::tasks::agreement {
namespace {

using Loss = recipe::TrainSection::Loss;

class Agreement : public Task {
 public:
  Agreement(const recipe::Recipe& recipe, const data::Dataset& dataset) : recipe_(recipe), dataset_(dataset) {}

  const TestMeasure& measure() const override { return TestMeasureOf("agreement"); }
  // As many classes as the teacher knows, whose output is compared with the network's.
  Shape Output(const Shape& made) const override { return made.empty() ? Shape{1, 0} : Shape{1, made.back()}; }

  // Create demands that the teacher's part of the loss is all of it.
  at::Tensor Loss(const at::Tensor& /*output*/, const at::Tensor& /*answers*/) const override {
    CheckFailed(__FILE__, __LINE__, "images without labels have no answers");
  }

  at::Tensor LossToTeacher(const at::Tensor& output, const at::Tensor& taught) const override {
    return Distillation(output, taught, recipe_.distill.temperature);
  }

  // Mean of Distillation at temperature 1, and the share of equal classes. The teacher, in evaluation mode, sees the same images.
  Averages Evaluate(const TestRun& run) const override {
    Averages result;
    const auto compare = [&](data::Batch* read, const at::Tensor& output) {
      const at::Tensor taught = run.teacher->Forward(ImageView(read, dataset_.test.image), Mode::kEval, {});
      const auto same = static_cast<double>(output.argmax(1).eq(taught.argmax(1)).sum().item<int64_t>());
      result.Add(Distillation(output, taught, 1).item<double>(), same, read->count);
    };
    ForEachOutput(run.network, dataset_.test, recipe_.train.test_batch, compare, run.group);
    SumOverRanks(&result, run.group);
    return result;
  }

 private:
  const recipe::Recipe& recipe_;
  const data::Dataset& dataset_;
};

}  // namespace

Result<std::unique_ptr<Task>> Create(const recipe::Recipe& recipe, const data::Dataset& dataset) {
  const recipe::DistillSection& distill = recipe.distill;
  if (distill.teacher.empty() || distill.weight != 1) {
    return Invalid(
        "data.name: '" + dataset.name +
        "' has no labels to learn from; it needs a teacher, 'distill.teacher', and 'distill.weight' = 1, which "
        "takes the labels out of the loss");
  }
  LOWBIT_RETURN_IF_ERROR(CheckLoss(recipe, dataset, {Loss::kCrossEntropy}, "\"cross_entropy\""));
  LOWBIT_RETURN_IF_ERROR(CheckNoSmoothing(recipe, dataset));
  return std::unique_ptr<Task>(std::make_unique<Agreement>(recipe, dataset));
}

}  // namespace lowbit::train::tasks::agreement
