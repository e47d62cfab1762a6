#include "lowbit/app/start_weights.h"

#include "lowbit/base/file.h"
#include "lowbit/format/safetensors/weights.h"

namespace lowbit::app {

Status LoadStartWeights(const recipe::ModelSection& model, Graph* graph) {
  if (model.weights.empty()) return Ok();
  // docs/run-folder.md
  const std::string path = FolderExists(model.weights) ? model.weights + "/checkpoint.safetensors" : model.weights;
  return safetensors::LoadWeights(path, model.weights_skip, graph);
}

}  // namespace lowbit::app
