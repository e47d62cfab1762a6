#include "lowbit/app/training/run_description.h"

#include <nlohmann/json.hpp>

#include "lowbit/base/file.h"
#include "lowbit/base/suggest.h"
#include "lowbit/base/version.h"
#include "lowbit/core/cost.h"
#include "lowbit/recipe/toml.h"
#include "lowbit/train/libtorch_version.h"

namespace lowbit::app {
namespace {

using Json = nlohmann::ordered_json;

std::string MethodName(const recipe::QuantizeSection& quantize) {
  if (quantize.method == "none") return "float";
  const bool sq = quantize.policy == recipe::QuantizeSection::Policy::kSq;
  return sq ? "sq(" + quantize.method + ")" : quantize.method;
}

Json ModelJson(const recipe::Recipe& recipe, const Graph& graph, const std::vector<NodeCost>& costs) {
  int64_t weights = 0, parameters = 0, macs = 0;
  for (const auto& [name, parameter] : graph.parameters) {
    const ParameterTraits::Role role = parameter.traits.role;
    if (role == ParameterTraits::Role::kConstant) continue;
    parameters += Elements(parameter.shape());
    if (role == ParameterTraits::Role::kWeight) weights += Elements(parameter.shape());
  }
  for (const NodeCost& cost : costs) macs += cost.macs;
  return {{"name", recipe.model.name}, {"weights", weights}, {"parameters", parameters}, {"macs", macs}};
}

Json DatasetJson(const data::Dataset& dataset) {
  return {{"name", dataset.name},           {"path", dataset.path},         {"warnings", dataset.warnings},
          {"train", dataset.train.count()}, {"test", dataset.test.count()}, {"classes", dataset.classes},
          {"image", dataset.train.image}};
}

// What ReadRunDescription needs of run.json; throws nlohmann's exceptions.
void ReadInput(const Json& json, RunDescription* description) {
  const Json& input = json.at("input");
  description->input.image = input.at("image").get<Shape>();
  description->input.classes = input.at("classes").get<int64_t>();
  description->input.mean = input.at("mean").get<std::vector<float>>();
  description->input.scale = input.at("scale").get<std::vector<float>>();
  description->class_names = input.at("class_names").get<std::vector<std::string>>();
  description->dataset = input.at("dataset").get<std::string>();
}

}  // namespace

Status WriteRunDescription(const std::string& folder, const RunDescription& description, const data::Dataset& dataset,
                           const Graph& graph, const std::string& device, int threads) {
  LOWBIT_TRY(const std::vector<NodeCost> costs, Costs(graph));
  const Json json = {{"lowbit", Version()},
                     {"commit", Commit()},
                     {"name", description.recipe.name},
                     {"description", description.recipe.description},
                     {"dataset", DatasetJson(dataset)},
                     {"model", ModelJson(description.recipe, graph, costs)},
                     {"method", MethodName(description.recipe.quantize)},
                     {"seed", description.recipe.seed},
                     {"threads", threads},
                     {"device", device},
                     {"libtorch", train::LibtorchVersion()},
                     {"input",
                      {{"image", description.input.image},
                       {"classes", description.input.classes},
                       {"mean", description.input.mean},
                       {"scale", description.input.scale},
                       {"class_names", description.class_names},
                       {"dataset", description.dataset}}}};
  return WriteFileAtomic(folder + "/run.json", json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

Result<RunDescription> ReadRunDescription(const std::string& folder) {
  RunDescription description;
  LOWBIT_TRY(const Config config, recipe::ParseRecipe(folder + "/recipe.toml"));
  LOWBIT_TRY(description.recipe, recipe::ReadRecipe(config));
  const std::string path = folder + "/run.json";
  LOWBIT_TRY(const std::string text, ReadTextFile(path));
  try {
    ReadInput(Json::parse(text), &description);
  } catch (const Json::exception& error) {
    return Invalid(path + ": is not the description of a run: " + error.what());
  }
  return description;
}

Result<Graph> BuildNetwork(const RunDescription& description) {
  const recipe::Recipe& recipe = description.recipe;
  LOWBIT_TRY(Graph graph, models::BuildModel(recipe.model.name, description.input, recipe.model.options,
                                             static_cast<uint64_t>(recipe.seed)));
  graph.metadata["dataset"] = description.dataset.substr(0, description.dataset.find(':'));
  if (recipe.data.resize != 0) graph.metadata["resize"] = std::to_string(recipe.data.resize);
  graph.metadata["recipe"] = recipe.name;
  graph.metadata["method"] = MethodName(recipe.quantize);
  if (!description.class_names.empty()) graph.metadata["labels"] = Join(description.class_names, "\n");
  return graph;
}

}  // namespace lowbit::app
