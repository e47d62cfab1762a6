#include "lowbit/models/model.h"

#include <cmath>

#include "lowbit/base/random.h"
#include "lowbit/base/suggest.h"
#include "lowbit/core/validate.h"

namespace lowbit::models {
namespace {

using Init = ParameterTraits::Init;

void DrawNormal(const CounterRandom& random, double deviation, std::vector<float>* data) {
  for (size_t i = 0; i < data->size(); ++i) (*data)[i] = static_cast<float>(deviation * random.Normal(i));
}

void InitializeParameter(const CounterRandom& random, const ParameterTraits& traits, FloatTensor* tensor) {
  switch (traits.init) {
    case Init::kKeep:
      return;
    case Init::kConstant:
      tensor->data.assign(tensor->data.size(), static_cast<float>(traits.init_value));
      return;
    case Init::kNormal:
      DrawNormal(random, traits.init_value, &tensor->data);
      return;
    case Init::kHeNormal:
      const double fan_in = static_cast<double>(Elements(tensor->shape)) / static_cast<double>(tensor->shape[0]);
      DrawNormal(random, std::sqrt(2.0 / fan_in), &tensor->data);
      return;
  }
}

}  // namespace

void Initialize(Graph* graph, uint64_t seed) {
  for (auto& [name, parameter] : graph->parameters) {
    FloatTensor* tensor = std::get_if<FloatTensor>(&parameter.value);
    if (tensor == nullptr) continue;
    InitializeParameter(CounterRandom(seed, StreamOf("init/" + name)), parameter.traits, tensor);
  }
}

Result<Graph> BuildModel(const std::string& name, const ModelInput& input, const Config& options, uint64_t seed) {
  for (const networks::ShelfEntry& entry : networks::ShelfEntries()) {
    if (name != entry.name) continue;
    LOWBIT_TRY(Graph graph, entry.function(input, options));
    LOWBIT_RETURN_IF_ERROR(Validate(graph));
    Initialize(&graph, seed);
    return graph;
  }
  return Invalid(UnknownName("network", name, ModelNames()));
}

std::vector<std::string> ModelNames() {
  std::vector<std::string> names;
  for (const networks::ShelfEntry& entry : networks::ShelfEntries()) names.emplace_back(entry.name);
  return names;
}

}  // namespace lowbit::models
