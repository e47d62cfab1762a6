#ifndef LOWBIT_TRAIN_TASK_H_
#define LOWBIT_TRAIN_TASK_H_

// The frame of the shelf lowbit/train/tasks: what a network is trained for and tested by.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"
#include "lowbit/core/measure.h"
#include "lowbit/core/shape.h"
#include "lowbit/data/dataset.h"
#include "lowbit/recipe/recipe.h"
#include "lowbit/train/averages.h"
#include "lowbit/train/torch_fwd.h"

namespace lowbit::train {

class Network;
namespace distributed {
class Group;
}

// Where tests are made.
struct TestRun {
  Network* network =
      nullptr;  // Every chosen weight low-bit; activations that are quantized are computed in floats, as in training.
  Network* teacher = nullptr;           // Null: there is none.
  distributed::Group* group = nullptr;  // Ranks take their turns, and all get the result. Null: one process.
};

class Task {
 public:
  virtual ~Task() = default;
  virtual const TestMeasure& measure() const = 0;
  // The shape that one example's output must have, batch of 1 included; `made`: what the network makes.
  virtual Shape Output(const Shape& made) const = 0;
  // Further demands on a network that has the right output. Errors: the first that is not met.
  virtual Status CheckNetwork(const Graph& /*graph*/) const { return Ok(); }
  // What a step minimizes: a differentiable scalar, the mean over the batch. `answers`: AnswerView of the batch.
  virtual at::Tensor Loss(const at::Tensor& output, const at::Tensor& answers) const = 0;
  // The same with what a teacher makes in the answers' place.
  virtual at::Tensor LossToTeacher(const at::Tensor& output, const at::Tensor& taught) const = 0;
  // Where measure().in_training: how many of a batch's examples are right.
  virtual int64_t CountRight(const at::Tensor& /*output*/, const at::Tensor& /*answers*/) const { return 0; }
  // Over all test examples. Throws what libtorch throws, and std::runtime_error where an example cannot be read.
  virtual Averages Evaluate(const TestRun& run) const = 0;
};

// One row for each folder of lowbit/train/tasks, made by CMake. Recipe and data outlive the task. Errors: the recipe asks for what the
// task does not have.
namespace tasks {
struct ShelfEntry {
  const char* name;
  Result<std::unique_ptr<Task>> (*function)(const recipe::Recipe& recipe, const data::Dataset& dataset);
};
const std::vector<ShelfEntry>& ShelfEntries();
}  // namespace tasks

// The folder of a data set's task: the one that it names, or "agreement" where it has no labels to classify.
std::string TaskName(const data::Dataset& dataset);

// That of the data set. Errors: as those of the shelf.
Result<std::unique_ptr<Task>> CreateTask(const recipe::Recipe& recipe, const data::Dataset& dataset);

// An error unless 'train.loss' is left out or one of `fitting`. `named`: those, for people: "\"l2\" or \"l1\"".
Status CheckLoss(const recipe::Recipe& recipe, const data::Dataset& dataset,
                 const std::vector<recipe::TrainSection::Loss>& fitting, const std::string& named);
// An error if 'train.label_smoothing' is there.
Status CheckNoSmoothing(const recipe::Recipe& recipe, const data::Dataset& dataset);

}  // namespace lowbit::train

#endif  // LOWBIT_TRAIN_TASK_H_
