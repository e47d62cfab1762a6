#include "lowbit/train/trainer/check_task.h"

#include <string>
#include <utility>

#include "lowbit/core/image_size.h"
#include "lowbit/core/validate.h"

namespace lowbit::train {
namespace {

// The shapes of the first input and output.
Result<std::pair<Shape, Shape>> Ends(const Graph& graph) {
  LOWBIT_TRY(const auto shapes, InferShapes(graph, 1));
  return std::make_pair(shapes.at(graph.inputs.at(0).name), shapes.at(graph.outputs.at(0)));
}

Status CheckTeacher(const TrainJob& job) {
  if (!job.teacher.has_value()) return Ok();
  LOWBIT_TRY(const auto teacher, Ends(*job.teacher));
  LOWBIT_TRY(const auto student, Ends(job.graph));
  if (teacher == student) return Ok();
  return Invalid(job.recipe.distill.teacher + ": as a teacher it makes " + ToString(teacher.second) + " of " +
                 ToString(teacher.first) + "; the network that is trained makes " + ToString(student.second) + " of " +
                 ToString(student.first));
}

// The network answers the data's question, and the recipe's keys are about it.
Status CheckAnswers(const TrainJob& job) {
  using Loss = recipe::TrainSection::Loss;
  const Measure measure = MeasureOf(job);
  const bool pictures = measure == Measure::kPsnr;
  const recipe::TrainSection& train = job.recipe.train;
  const std::string data = "the data set " + job.dataset.name;
  if (pictures && train.loss == Loss::kCrossEntropy)
    return Invalid("'train.loss' must be \"l2\" or \"l1\" for " + data);
  if (!pictures && (train.loss == Loss::kL2 || train.loss == Loss::kL1)) {
    return Invalid("'train.loss' must be \"cross_entropy\" for " + data);
  }
  if (measure != Measure::kAccuracy && train.label_smoothing > 0) {
    return Invalid("'train.label_smoothing' must be 0 for " + data + ", which has no labels");
  }
  LOWBIT_TRY(const auto ends, Ends(job.graph));
  // As many classes as the teacher knows: CheckTeacher.
  Shape wanted = {job.dataset.classes};
  if (measure == Measure::kAgreement && !ends.second.empty()) wanted = {ends.second.back()};
  if (pictures) wanted = job.dataset.train.image;
  wanted.insert(wanted.begin(), 1);
  if (ends.second == wanted) return Ok();
  return Invalid("the network makes " + ToString(ends.second) + " of " + ToString(ends.first) + "; " + data +
                 " needs " + ToString(wanted));
}

// Every test picture fits too.
Status CheckPictures(const TrainJob& job) {
  for (const data::BlurredPicture& picture : job.dataset.test_pictures) {
    const Result<Graph> sized = AtImageSize(job.graph, picture.sharp.height, picture.sharp.width);
    if (!sized.ok()) return Invalid("the network " + sized.error().message + " (test picture " + picture.name + ")");
  }
  return Ok();
}

}  // namespace

Measure MeasureOf(const TrainJob& job) {
  if (job.dataset.train.pairs != nullptr) return Measure::kPsnr;
  return job.dataset.classes > 0 ? Measure::kAccuracy : Measure::kAgreement;
}

Status CheckLabels(const TrainJob& job) {
  const recipe::DistillSection& distill = job.recipe.distill;
  if (MeasureOf(job) != Measure::kAgreement || (!distill.teacher.empty() && distill.weight == 1)) return Ok();
  return Invalid(
      "data.name: '" + job.dataset.name +
      "' has no labels to learn from; it needs a teacher, 'distill.teacher', and 'distill.weight' = 1, which "
      "takes the labels out of the loss");
}

Status CheckTask(const TrainJob& job) {
  LOWBIT_RETURN_IF_ERROR(CheckLabels(job));
  LOWBIT_RETURN_IF_ERROR(CheckAnswers(job));
  LOWBIT_RETURN_IF_ERROR(CheckPictures(job));
  return CheckTeacher(job);
}

}  // namespace lowbit::train
