#include "lowbit/app/training/teacher.h"

#include <utility>

#include "lowbit/app/start_weights.h"
#include "lowbit/app/text.h"
#include "lowbit/app/training/run_description.h"
#include "lowbit/app/training/trained_run.h"
#include "lowbit/base/error_in.h"
#include "lowbit/base/file.h"
#include "lowbit/core/validate.h"
#include "lowbit/format/lbm/lbm.h"
#include "lowbit/models/adapt.h"

namespace lowbit::app {
namespace {

// A file of weights alone, in the student's network or one that the recipe describes.
Result<Graph> LoadWeights(RecipeNetwork network) {
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

// A packed file's own network, whatever the student's is.
Result<Graph> LoadPacked(const std::string& path, models::ModelInput input) {
  LOWBIT_TRY(Graph file, lbm::Read(path));
  if (models::NormalizesPixels(file)) input.mean = {}, input.scale = {};
  Result<Graph> graph = models::AdaptModel(std::move(file), input);
  if (!graph.ok()) return ErrorIn(path, graph.error());
  return graph;
}

// The network of a run says itself what its classes are.
Status TakeRunsClasses(const std::string& folder, RecipeNetwork* student) {
  LOWBIT_TRY(const RecipeNetwork run, ReadRunDescription(folder));
  student->input.classes = run.input.classes;
  student->class_names = run.class_names;
  student->class_folders = run.class_folders;
  return Ok();
}

std::vector<std::string> Lines(const Graph& graph, const std::string& key) {
  const auto found = graph.metadata.find(key);
  return found == graph.metadata.end() ? std::vector<std::string>() : SplitLines(found->second);
}

Status TakeFilesClasses(const std::string& path, RecipeNetwork* student) {
  LOWBIT_TRY(const Graph graph, lbm::Read(path));
  LOWBIT_TRY(const auto shapes, InferShapes(graph, 1));
  const Shape& answers = shapes.at(graph.outputs.at(0));
  if (answers.size() == 2) student->input.classes = answers[1];
  student->class_names = Lines(graph, "labels");
  student->class_folders = Lines(graph, "class_folders");
  return Ok();
}

// Those that say themselves what their network is.
Result<Graph> LoadNetwork(const RecipeNetwork& student, bool folder) {
  const recipe::DistillSection& distill = student.recipe.distill;
  if (distill.model_name.empty()) {
    return folder ? FreezeTrainedRun(distill.teacher) : LoadPacked(distill.teacher, student.input);
  }
  return Invalid("'distill.model' must be left out: " + distill.teacher + " is a " +
                 (folder ? "folder, of a run" : "packed file") + " that says itself what its network is");
}

}  // namespace

Result<std::optional<Graph>> LoadTeacher(const RecipeNetwork& student) {
  const recipe::DistillSection& distill = student.recipe.distill;
  std::optional<Graph> teacher;
  if (distill.teacher.empty()) return teacher;
  const bool folder = FolderExists(distill.teacher);
  LOWBIT_TRY(teacher, folder || IsPackedName(distill.teacher) ? LoadNetwork(student, folder) : LoadWeights(student));
  return teacher;
}

Status TakeTeachersClasses(RecipeNetwork* student) {
  if (student->input.classes > 0) return Ok();
  const std::string& teacher = student->recipe.distill.teacher;
  if (FolderExists(teacher)) return TakeRunsClasses(teacher, student);
  if (IsPackedName(teacher)) return TakeFilesClasses(teacher, student);
  return Invalid("'data.classes' must list the classes: the teacher " + teacher + " does not say how many there are");
}

}  // namespace lowbit::app
