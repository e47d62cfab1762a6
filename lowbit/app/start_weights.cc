#include "lowbit/app/start_weights.h"

#include <string>

#include "lowbit/base/error_in.h"
#include "lowbit/base/file.h"
#include "lowbit/format/lbm/lbm.h"
#include "lowbit/format/pytorch/checkpoint.h"
#include "lowbit/format/safetensors/weights.h"

namespace lowbit::app {

bool IsPackedName(const std::string& path) {
  const std::string ending = ".lbm";
  return path.size() > ending.size() && path.compare(path.size() - ending.size(), ending.size(), ending) == 0;
}

namespace {

// The float parameters by their names; low-bit ones as floats.
Status LoadPacked(const std::string& path, Graph* graph) {
  LOWBIT_TRY(const Graph packed, lbm::Read(path));
  for (auto& [name, parameter] : graph->parameters) {
    FloatTensor* values = std::get_if<FloatTensor>(&parameter.value);
    const bool normalization = parameter.traits.role == ParameterTraits::Role::kConstant;
    if (values == nullptr || normalization) continue;
    const auto found = packed.parameters.find(name);
    if (found == packed.parameters.end()) return Invalid(path + ": has no parameter '" + name + "'");
    if (found->second.shape() != values->shape) {
      return Invalid(path + ": parameter '" + name + "' has shape " + ToString(found->second.shape()) +
                     "; the network's has " + ToString(values->shape));
    }
    if (const QTensor* low_bit = std::get_if<QTensor>(&found->second.value)) {
      *values = Dequantize(*low_bit);
    } else if (const FloatTensor* floats = std::get_if<FloatTensor>(&found->second.value)) {
      *values = *floats;
    }
  }
  return Ok();
}

Status LoadOfPyTorch(const std::string& path, const std::vector<std::string>& skip, Graph* graph) {
  LOWBIT_TRY(const safetensors::File file, pytorch::Read(path));
  const Status set = safetensors::SetWeights(file, skip, graph);
  return set.ok() ? Ok() : ErrorIn(path, set.error());
}

}  // namespace

Status LoadStartWeights(const recipe::ModelSection& model, Graph* graph) {
  if (model.weights.empty()) return Ok();
  if (IsPackedName(model.weights)) {
    if (model.weights_skip.empty()) return LoadPacked(model.weights, graph);
    return Invalid(model.weights + ": 'model.weights_skip' must be left out where the start is a packed file");
  }
  // docs/run-folder.md
  const std::string path = FolderExists(model.weights) ? model.weights + "/checkpoint.safetensors" : model.weights;
  if (pytorch::IsCheckpoint(path)) return LoadOfPyTorch(path, model.weights_skip, graph);
  return safetensors::LoadWeights(path, model.weights_skip, graph);
}

}  // namespace lowbit::app
