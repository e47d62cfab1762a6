#ifndef LOWBIT_APP_START_WEIGHTS_H_
#define LOWBIT_APP_START_WEIGHTS_H_

#include <string>

#include "lowbit/base/result.h"
#include "lowbit/core/graph.h"
#include "lowbit/recipe/recipe.h"

namespace lowbit::app {

// Whether a file of weights is taken for a packed one: its name ends in ".lbm".
bool IsPackedName(const std::string& path);

// Gives the network the values that the recipe's key model.weights names: those of a safetensors file, of one that
// PyTorch's torch.save wrote, of a packed file (.lbm; low-bit weights as floats), or of the last checkpoint of a run's folder (its
// float weights, whatever its method). Does nothing where the key is not set.
// Errors: as safetensors::LoadWeights and pytorch::Read.
Status LoadStartWeights(const recipe::ModelSection& model, Graph* graph);

}  // namespace lowbit::app

#endif  // LOWBIT_APP_START_WEIGHTS_H_
