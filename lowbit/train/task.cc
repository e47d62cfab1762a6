#include "lowbit/train/task.h"

#include <algorithm>

namespace lowbit::train {

std::string TaskName(const data::Dataset& dataset) {
  return dataset.task == "classification" && dataset.classes == 0 ? "agreement" : dataset.task;
}

Result<std::unique_ptr<Task>> CreateTask(const recipe::Recipe& recipe, const data::Dataset& dataset) {
  const std::string name = TaskName(dataset);
  for (const tasks::ShelfEntry& entry : tasks::ShelfEntries()) {
    if (entry.name == name) return entry.function(recipe, dataset);
  }
  return Invalid("the data set " + dataset.name + " is for '" + name + "', which is not trained for");
}

Status CheckLoss(const recipe::Recipe& recipe, const data::Dataset& dataset,
                 const std::vector<recipe::TrainSection::Loss>& fitting, const std::string& named) {
  const recipe::TrainSection::Loss loss = recipe.train.loss;
  if (loss == recipe::TrainSection::Loss::kAuto) return Ok();
  if (std::find(fitting.begin(), fitting.end(), loss) != fitting.end()) return Ok();
  return Invalid("'train.loss' must be " + named + " for the data set " + dataset.name);
}

Status CheckNoSmoothing(const recipe::Recipe& recipe, const data::Dataset& dataset) {
  if (recipe.train.label_smoothing == 0) return Ok();
  return Invalid("'train.label_smoothing' must be 0 for the data set " + dataset.name + ", which has no labels");
}

}  // namespace lowbit::train
