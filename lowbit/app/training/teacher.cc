#include "lowbit/app/training/teacher.h"

#include "lowbit/app/start_weights.h"
#include "lowbit/app/training/trained_run.h"
#include "lowbit/base/file.h"

namespace lowbit::app {
namespace {

// The student's description with another network and start.
Result<Graph> LoadFile(RecipeNetwork network) {
  const recipe::DistillSection& distill = network.recipe.distill;
  recipe::ModelSection& model = network.recipe.model;
  if (!distill.model_name.empty()) {
    model.name = distill.model_name;
    model.file.clear();
    model.options = distill.model_options;
  }
  model.weights = distill.teacher;
  model.weights_skip.clear();
  LOWBIT_TRY(Graph graph, BuildNetwork(network));
  LOWBIT_RETURN_IF_ERROR(LoadStartWeights(model, &graph));
  return graph;
}

Result<Graph> LoadRun(const recipe::DistillSection& distill) {
  if (distill.model_name.empty()) return FreezeTrainedRun(distill.teacher);
  return Invalid("'distill.model' must be left out: " + distill.teacher +
                 " is a folder, of a run that says itself what its network is");
}

}  // namespace

Result<std::optional<Graph>> LoadTeacher(const RecipeNetwork& student) {
  const recipe::DistillSection& distill = student.recipe.distill;
  std::optional<Graph> teacher;
  if (distill.teacher.empty()) return teacher;
  LOWBIT_TRY(teacher, FolderExists(distill.teacher) ? LoadRun(distill) : LoadFile(student));
  return teacher;
}

}  // namespace lowbit::app
