#include "lowbit/train/trainer/check_task.h"

#include <string>
#include <utility>

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

}  // namespace

Status CheckTask(const TrainJob& job, const Task& task) {
  LOWBIT_TRY(const auto ends, Ends(job.graph));
  const Shape wanted = task.Output(ends.second);
  if (ends.second != wanted) {
    return Invalid("the network makes " + ToString(ends.second) + " of " + ToString(ends.first) + "; the data set " +
                   job.dataset.name + " needs " + ToString(wanted));
  }
  LOWBIT_RETURN_IF_ERROR(task.CheckNetwork(job.graph));
  return CheckTeacher(job);
}

}  // namespace lowbit::train
