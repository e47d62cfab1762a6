#include "lowbit/app/training/run_description.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "lowbit/app/resolved_recipe.h"
#include "lowbit/app/training/widths.h"
#include "lowbit/base/file.h"
#include "lowbit/base/version.h"
#include "lowbit/core/cost.h"
#include "lowbit/train/libtorch_version.h"

namespace lowbit::app {
namespace {

using Json = nlohmann::ordered_json;

Json ModelJson(const recipe::Recipe& recipe, const Graph& graph, const std::vector<NodeCost>& costs) {
  int64_t weights = 0, parameters = 0, macs = 0;
  for (const auto& [name, parameter] : graph.parameters) {
    const ParameterTraits::Role role = parameter.traits.role;
    if (role == ParameterTraits::Role::kConstant) continue;
    parameters += Elements(parameter.shape());
    if (role == ParameterTraits::Role::kWeight) weights += Elements(parameter.shape());
  }
  for (const NodeCost& cost : costs) macs += cost.macs;
  const std::string& name = recipe.model.file.empty() ? recipe.model.name : recipe.model.file;
  return {{"name", name}, {"weights", weights}, {"parameters", parameters}, {"macs", macs}};
}

Json DatasetJson(const data::Dataset& dataset) {
  return {{"name", dataset.name},           {"path", dataset.path},    {"warnings", dataset.warnings},
          {"train", dataset.train.count()}, {"test", dataset.tests()}, {"classes", dataset.classes},
          {"image", dataset.train.image}};
}

// The bits of the rules that AddWidths made; none where the recipe does not ask for them.
Json WidthsJson(const recipe::QuantizeSection& quantize) {
  Json widths = Json::object();
  if (quantize.widths.empty()) return widths;
  for (const recipe::LayerRule& rule : quantize.layers) {
    const auto& options = std::get<ConfigTable>(rule.method_options.value);
    widths[rule.pattern] = std::get<int64_t>(options.at("bits").value);
  }
  return widths;
}

// What ReadRunDescription needs of run.json; throws nlohmann's exceptions.
void ReadInput(const Json& json, RecipeNetwork* network) {
  const Json& input = json.at("input");
  network->input.image = input.at("image").get<Shape>();
  network->input.classes = input.at("classes").get<int64_t>();
  network->input.mean = input.at("mean").get<std::vector<float>>();
  network->input.scale = input.at("scale").get<std::vector<float>>();
  network->class_names = input.at("class_names").get<std::vector<std::string>>();
  // Folders written before there were sets of pictures have none.
  if (input.contains("class_folders")) {
    network->class_folders = input.at("class_folders").get<std::vector<std::string>>();
  }
  network->sound_rate = input.value("sound_rate", int64_t{0});
  network->dataset = input.at("dataset").get<std::string>();
  if (json.contains("widths")) AddWidths(json.at("widths").get<Widths>(), &network->recipe.quantize);
}

}  // namespace

std::string NetworkPath(const std::string& folder) { return folder + "/network.lbm"; }

Status WriteRunDescription(const std::string& folder, const RecipeNetwork& network, const train::TrainJob& job) {
  const std::string& file = network.recipe.model.file;
  if (!file.empty() && !FileExists(NetworkPath(folder))) {
    LOWBIT_TRY(const std::vector<uint8_t> bytes, ReadFile(file));
    LOWBIT_RETURN_IF_ERROR(WriteFileAtomic(NetworkPath(folder), bytes));
  }
  LOWBIT_TRY(const std::vector<NodeCost> costs, Costs(job.graph));
  const Json json = {{"lowbit", Version()},
                     {"commit", Commit()},
                     {"name", network.recipe.name},
                     {"description", network.recipe.description},
                     {"dataset", DatasetJson(job.dataset)},
                     {"model", ModelJson(network.recipe, job.graph, costs)},
                     {"method", MethodName(network.recipe.quantize)},
                     {"widths", WidthsJson(network.recipe.quantize)},
                     {"seed", network.recipe.seed},
                     {"threads", job.threads},
                     {"ranks", job.launch.ranks},
                     {"device", job.device},
                     {"libtorch", train::LibtorchVersion()},
                     {"input",
                      {{"image", network.input.image},
                       {"classes", network.input.classes},
                       {"mean", network.input.mean},
                       {"scale", network.input.scale},
                       {"class_names", network.class_names},
                       {"class_folders", network.class_folders},
                       {"sound_rate", network.sound_rate},
                       {"dataset", network.dataset}}}};
  return WriteFileAtomic(folder + "/run.json", json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

Result<RecipeNetwork> ReadRunDescription(const std::string& folder) {
  RecipeNetwork network;
  LOWBIT_TRY(ResolvedRecipe resolved, ResolveRecipe(folder + "/recipe.toml", {}));
  network.recipe = std::move(resolved.recipe);
  // The run's own copy, wherever the file is now.
  if (!network.recipe.model.file.empty()) network.recipe.model.file = NetworkPath(folder);
  const std::string path = folder + "/run.json";
  LOWBIT_TRY(const std::string text, ReadTextFile(path));
  try {
    ReadInput(Json::parse(text), &network);
  } catch (const Json::exception& error) {
    return Invalid(path + ": is not the description of a run: " + error.what());
  }
  return network;
}

}  // namespace lowbit::app
