// Pictures that are made sharp again.

#include <torch/types.h>

#include <algorithm>
#include <cmath>

#include "lowbit/core/image_size.h"
#include "lowbit/train/loss.h"
#include "lowbit/train/network.h"
#include "lowbit/train/task.h"
#include "lowbit/train/trainer/for_each_output.h"
#include "lowbit/train/trainer/sharpen.h"

namespace lowbit::train::tasks::super_resolution {
namespace {

using Loss = recipe::TrainSection::Loss;

// A picture that is made without any difference counts as this many dB.
constexpr double kMostPsnr = 100;

double SquareDifference(const data::Plane& made, const data::Plane& wanted) {
  double sum = 0;
  for (size_t i = 0; i < wanted.values.size(); ++i) {
    sum += std::pow((static_cast<double>(made.values[i]) - wanted.values[i]) / 255, 2);
  }
  return sum / static_cast<double>(wanted.values.size());
}

class SuperResolution : public Task {
 public:
  SuperResolution(const recipe::Recipe& recipe, const data::Dataset& dataset)
      : dataset_(dataset), power_(recipe.train.loss == Loss::kL1 ? 1 : 2) {}

  const TestMeasure& measure() const override { return TestMeasureOf("psnr"); }

  Shape Output(const Shape& /*made*/) const override {
    Shape shape = dataset_.train.image;
    shape.insert(shape.begin(), 1);
    return shape;
  }

  // Every test picture fits.
  Status CheckNetwork(const Graph& graph) const override {
    for (const data::BlurredPicture& picture : dataset_.test_pictures) {
      const Result<Graph> sized = AtImageSize(graph, picture.sharp.height, picture.sharp.width);
      if (!sized.ok()) return Invalid("the network " + sized.error().message + " (test picture " + picture.name + ")");
    }
    return Ok();
  }

  at::Tensor Loss(const at::Tensor& output, const at::Tensor& answers) const override {
    return PictureDifference(output, answers, power_);
  }
  at::Tensor LossToTeacher(const at::Tensor& output, const at::Tensor& taught) const override {
    return PictureDifference(output, taught, power_);
  }

  // Mean of PictureDifference, of squares, and of data::Psnr over the pictures, each at its own size.
  Averages Evaluate(const TestRun& run) const override {
    const Graph graph = run.network->Export(Weights::kFrozen);
    Averages result;
    const size_t turns = run.group == nullptr ? 1 : static_cast<size_t>(run.group->ranks());
    const size_t first = run.group == nullptr ? 0 : static_cast<size_t>(run.group->rank());
    for (size_t i = first; i < dataset_.test_pictures.size(); i += turns) {
      const data::BlurredPicture& picture = dataset_.test_pictures[i];
      const data::Plane made = Sharpen(graph, picture.blurred, run.network->device(), /*integers=*/false);
      const double psnr = data::Psnr(made, picture.sharp, picture.factor);
      result.Add(SquareDifference(made, picture.sharp), std::min(psnr, kMostPsnr), 1);
    }
    SumOverRanks(&result, run.group);
    return result;
  }

 private:
  const data::Dataset& dataset_;
  int power_;  // Of differences.
};

}  // namespace

Result<std::unique_ptr<Task>> Create(const recipe::Recipe& recipe, const data::Dataset& dataset) {
  LOWBIT_RETURN_IF_ERROR(CheckLoss(recipe, dataset, {Loss::kL2, Loss::kL1}, "\"l2\" or \"l1\""));
  LOWBIT_RETURN_IF_ERROR(CheckNoSmoothing(recipe, dataset));
  return std::unique_ptr<Task>(std::make_unique<SuperResolution>(recipe, dataset));
}

}  // namespace lowbit::train::tasks::super_resolution
