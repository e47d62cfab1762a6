#ifndef LOWBIT_APP_TRAINING_TEACHER_H_
#define LOWBIT_APP_TRAINING_TEACHER_H_

#include <optional>

#include "lowbit/app/recipe_network.h"
#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"

namespace lowbit::app {

// The trained network of the recipe's [distill]; nothing where the recipe has no such table.
//
// Of a run's folder: the network that `lowbit pack` would write, low-bit weights and its own normalization of pixels
// included. Of a packed file (.lbm): its network, with floats in place of low-bit weights, which takes pixels normalized as the student does
// unless it normalizes them itself. Of another file: its weights in the network of [distill.model] or, without it, of `student`, which takes
// pixels normalized as the student does.
// Errors: as FreezeTrainedRun, AdaptModel and LoadStartWeights; a [distill.model] beside a folder or packed file.
Result<std::optional<Graph>> LoadTeacher(const RecipeNetwork& student);

// Of images without labels: the student's classes are the teacher's, where the recipe lists none: those of a run's folder or of a packed
// file (.lbm), with their names if it has them. Errors: a teacher of another kind does not say how many there are; as lbm::Read and
// ReadRunDescription.
Status TakeTeachersClasses(RecipeNetwork* student);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_TRAINING_TEACHER_H_
